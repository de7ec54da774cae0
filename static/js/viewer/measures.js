// Rulers, angles and Cobb angles over the image: any number of them, which stay until they are removed. Points are dragged or
// moved with arrow keys; lengths are in mm where the file says how large a pixel is at the detector, else in pixels.
import { stepOf } from "../arrows.js";
import { between } from "../geometry.js";
import { make, put } from "../svg.js";
import { decimal, filled } from "../words.js";
import { POINTS_OF, angleOf, cobbOf, lengthOf } from "./measure.js";

/** @typedef {import("../geometry.js").Point} Point */
/** @typedef {import("./measure.js").Kind} Kind */
/** @typedef {import("../words.js").Words & {kinds: Record<Kind, string>}} ViewerWords */

const GRIP_PX = 9;
const TEXT_PX = 15;
const LEAST_DRAG_PX = 6;
/** Pairs of points that a line joins. */
const LINES_OF = { length: [[0, 1]], angle: [[0, 1], [1, 2]], cobb: [[0, 1], [2, 3]] };
/** Where points stand that nobody dragged, in shares of the frame. */
const MIDDLE_OF = {
  length: [[0.35, 0.5], [0.65, 0.5]],
  angle: [[0.35, 0.4], [0.5, 0.6], [0.65, 0.4]],
  cobb: [[0.35, 0.4], [0.65, 0.4], [0.35, 0.6], [0.65, 0.6]],
};

class Measure {
  /**
   * @param {Measures} all
   * @param {Kind} kind
   * @param {Point[]} points
   */
  constructor(all, kind, points) {
    this.all = all;
    this.kind = kind;
    this.points = points;
    this.group = make(all.layer, "g", "measure");
    this.lines = LINES_OF[kind].map(() => ["halo", "line"].map((name) => make(this.group, "line", name)));
    this.text = make(this.group, "text");
    this.grips = Array.from({ length: POINTS_OF[kind] }, (_, n) => this.makeGrip(n));
  }

  /** @param {number} n */
  makeGrip(n) {
    const grip = make(this.group, "circle", "grip");
    put(grip, { tabindex: 0, role: "button", r: GRIP_PX });
    grip.addEventListener("keydown", (event) => this.press(event, n));
    grip.addEventListener("pointerdown", (event) => this.all.drag(event, this, n));
    return grip;
  }

  get isWhole() {
    return this.points.length === POINTS_OF[this.kind];
  }

  /** What it measures, in words. */
  get value() {
    const { words, spacing } = this.all;
    if (!this.isWhole) return "";
    if (this.kind === "angle") return filled(words.degrees, { degrees: decimal(angleOf(this.points, spacing), 1) });
    if (this.kind === "cobb") return filled(words.degrees, { degrees: decimal(cobbOf(this.points, spacing), 1) });
    const length = lengthOf(this.points, spacing);
    if (!spacing) return filled(words.lengthPx, { length: decimal(length, 0) });
    return filled(words.length, { length: decimal(length, 1) });
  }

  remove() {
    this.group.remove();
  }

  /**
   * @param {number} n
   * @param {Point} point
   */
  move(n, point) {
    this.points = this.points.with(n, point);
    this.draw();
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} n
   */
  press(event, n) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.all.remove(this);
      return;
    }
    const step = stepOf(event);
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const { frame, matrix } = this.all.stage;
    const pixels = (event.shiftKey ? 10 : 1) * Math.max(1, Math.round(frame.clientWidth / 600));
    const seen = new DOMPoint(this.points[n].x, this.points[n].y).matrixTransform(matrix);
    const moved = new DOMPoint(seen.x + step[0] * pixels, seen.y + step[1] * pixels);
    this.move(n, this.all.held(moved.matrixTransform(matrix.inverse())));
  }

  draw() {
    const { matrix } = this.all.stage;
    const seen = this.points.map(({ x, y }) => new DOMPoint(x, y).matrixTransform(matrix));
    const { words } = this.all;
    LINES_OF[this.kind].forEach(([from, to], n) => {
      for (const line of this.lines[n]) line.classList.toggle("away", !seen[from] || !seen[to]);
      if (!seen[from] || !seen[to]) return;
      const ends = { x1: seen[from].x, y1: seen[from].y, x2: seen[to].x, y2: seen[to].y };
      for (const line of this.lines[n]) put(line, ends);
    });
    this.grips.forEach((grip, n) => {
      grip.classList.toggle("away", !seen[n]);
      const label = filled(words.point, { name: words.kinds[this.kind], n: n + 1, value: this.value });
      if (seen[n]) put(grip, { cx: seen[n].x, cy: seen[n].y, "aria-label": label });
    });
    this.text.textContent = this.value;
    if (this.isWhole) put(this.text, textPoint(this.kind, seen));
  }
}

/**
 * Where the value stands: beside a steep line, over a flat one, at the vertex of an angle, between two lines.
 * @param {Kind} kind
 * @param {readonly Point[]} seen
 */
function textPoint(kind, seen) {
  if (kind === "angle") return { x: seen[1].x + 12, y: seen[1].y + TEXT_PX, "text-anchor": "start" };
  const x = seen.reduce((sum, point) => sum + point.x, 0) / seen.length;
  const y = seen.reduce((sum, point) => sum + point.y, 0) / seen.length;
  const steep = Math.abs(seen[1].y - seen[0].y) > Math.abs(seen[1].x - seen[0].x);
  if (kind === "cobb") return { x, y, "text-anchor": "middle" };
  return steep ? { x: x + 10, y: y + TEXT_PX / 3, "text-anchor": "start" } : { x, y: y - 10, "text-anchor": "middle" };
}

export class Measures {
  /**
   * @param {import("./stage.js").Stage} stage
   * @param {import("./measure.js").Spacing | null} spacing
   * @param {ViewerWords} words
   */
  constructor(stage, spacing, words) {
    this.stage = stage;
    this.spacing = spacing;
    this.words = words;
    /** @type {Measure[]} */
    this.list = [];
    /** @type {Kind | null} */
    this.kind = null;
    this.layer = make(stage.frame, "svg", "measures");
    put(this.layer, { role: "group", "aria-label": words.measures });
    this.layer.addEventListener("pointerdown", (down) => this.begin(down));
    stage.onChange(() => this.draw());
  }

  get pending() {
    return this.list.find((one) => !one.isWhole) ?? null;
  }

  /**
   * What the next drag measures; null for nothing. What was begun and not finished is dropped.
   * @param {Kind | null} kind
   */
  arm(kind) {
    if (this.pending) this.remove(this.pending);
    this.kind = kind;
    this.layer.classList.toggle("armed", kind !== null);
  }

  /**
   * Put a measure over the middle of what is in sight, to be moved with the keyboard.
   * @param {Kind} kind
   */
  placeInMiddle(kind) {
    const { frame, matrix } = this.stage;
    const inverse = matrix.inverse();
    const shares = MIDDLE_OF[kind].map(([x, y]) => new DOMPoint(frame.clientWidth * x, frame.clientHeight * y));
    const measure = this.add(kind, shares.map((point) => this.held(point.matrixTransform(inverse))));
    measure.grips[0].focus({ preventScroll: true });
  }

  /**
   * @param {Kind} kind
   * @param {Point[]} points
   */
  add(kind, points) {
    const measure = new Measure(this, kind, points);
    this.list.push(measure);
    measure.draw();
    return measure;
  }

  /** @param {Measure} measure */
  remove(measure) {
    const hadFocus = measure.group.contains(document.activeElement);
    this.list = this.list.filter((one) => one !== measure);
    measure.remove();
    if (hadFocus) this.stage.frame.focus({ preventScroll: true });
  }

  clear() {
    for (const measure of [...this.list]) this.remove(measure);
  }

  /**
   * A point moved inside the radiograph.
   * @param {Point} point
   * @returns {Point}
   */
  held({ x, y }) {
    const { width, height } = this.stage.size;
    return { x: between(x, 0, width), y: between(y, 0, height) };
  }

  /** @param {PointerEvent} event */
  toImage(event) {
    const { left, top } = this.stage.frame.getBoundingClientRect();
    const point = new DOMPoint(event.clientX - left, event.clientY - top);
    return this.held(point.matrixTransform(this.stage.matrix.inverse()));
  }

  /** @param {PointerEvent} down */
  begin(down) {
    if (down.button !== 0 || this.kind === null) return;
    const start = this.toImage(down);
    const measure = this.pending ?? this.add(this.kind, []);
    const before = measure.points;
    // The second leg of an angle starts at its vertex.
    measure.points = measure.kind === "angle" && before.length === 2 ? [...before, start] : [...before, start, start];
    const isOneTap = measure.points.length === 3;
    this.drag(down, measure, measure.points.length - 1, (distance) => {
      if (distance >= LEAST_DRAG_PX || isOneTap) return;
      measure.points = before;
      if (before.length === 0) this.remove(measure);
    });
  }

  /**
   * @param {PointerEvent} down
   * @param {Measure} measure
   * @param {number} n
   * @param {(distance: number) => void} [done]
   */
  drag(down, measure, n, done = () => {}) {
    if (down.button !== 0) return;
    down.preventDefault();
    down.stopPropagation();
    measure.draw();
    measure.grips[n].focus({ preventScroll: true });
    const stop = new AbortController();
    const { signal } = stop;
    this.layer.setPointerCapture(down.pointerId);
    this.layer.addEventListener("pointermove", (event) => measure.move(n, this.toImage(event)), { signal });
    /** @param {PointerEvent} event */
    const end = (event) => {
      stop.abort();
      done(Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY));
      measure.draw();
    };
    this.layer.addEventListener("pointerup", end, { signal });
    this.layer.addEventListener("pointercancel", end, { signal });
  }

  draw() {
    for (const measure of this.list) measure.draw();
  }
}
