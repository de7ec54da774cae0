// A ruler over the picture: two ends that are dragged or moved with arrow keys, and the length between them, in mm where
// the file says how large a pixel is at the detector, else in pixels.
import { decimal, filled } from "../words.js";

const SVG = "http://www.w3.org/2000/svg";
const GRIP_PX = 9;
const TEXT_PX = 15;
const LEAST_DRAG_PX = 6;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function make(parent, name, className) {
  const made = document.createElementNS(SVG, name);
  made.setAttribute("class", className);
  parent.append(made);
  return made;
}

function put(element, values) {
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
}

export class Ruler {
  // spacing: [row, column] in mm, or null.
  constructor(stage, spacing, words) {
    Object.assign(this, { stage, spacing, words, ends: null, isOn: false });
    this.layer = make(stage.frame, "svg", "ruler");
    put(this.layer, { role: "group", "aria-label": words.ruler });
    this.halo = make(this.layer, "line", "halo");
    this.line = make(this.layer, "line", "line");
    this.text = make(this.layer, "text", "");
    this.grips = [0, 1].map((n) => this.makeGrip(n));
    this.layer.addEventListener("pointerdown", (down) => this.begin(down));
    stage.onChange(() => this.draw());
    this.draw();
  }

  makeGrip(n) {
    const grip = make(this.layer, "circle", "grip");
    put(grip, { tabindex: "0", role: "button", r: GRIP_PX });
    grip.addEventListener("keydown", (event) => this.press(event, n));
    return grip;
  }

  toggle(isOn = !this.isOn) {
    this.isOn = isOn;
    this.layer.classList.toggle("armed", isOn);
    if (!isOn) this.ends = null;
    if (!isOn && this.layer.contains(document.activeElement)) this.stage.frame.focus({ preventScroll: true });
    this.draw();
  }

  // For whoever does not drag: over the middle of what is in sight.
  placeInMiddle() {
    const { frame, matrix } = this.stage;
    const inverse = matrix.inverse();
    const ends = [0.35, 0.65].map((x) => new DOMPoint(frame.clientWidth * x, frame.clientHeight / 2));
    this.ends = ends.map((end) => this.held(end.matrixTransform(inverse)));
    this.draw();
    this.grips[0].focus({ preventScroll: true });
  }

  // In sight of the radiograph, to a tenth of a pixel.
  held({ x, y }) {
    const { width, height } = this.stage.size;
    return { x: Math.min(Math.max(x, 0), width), y: Math.min(Math.max(y, 0), height) };
  }

  toPicture(event) {
    const { left, top } = this.stage.frame.getBoundingClientRect();
    const point = new DOMPoint(event.clientX - left, event.clientY - top);
    return this.held(point.matrixTransform(this.stage.matrix.inverse()));
  }

  begin(down) {
    if (down.button !== 0) return;
    down.preventDefault();
    down.stopPropagation();
    const grip = this.grips.indexOf(down.target);
    const start = this.toPicture(down);
    const before = this.ends;
    if (grip < 0) this.ends = [start, start];
    const moving = grip < 0 ? 1 : grip;
    this.grips[moving].focus({ preventScroll: true });
    const stop = new AbortController();
    this.layer.setPointerCapture(down.pointerId);
    const move = (event) => {
      this.ends = this.ends.with(moving, this.toPicture(event));
      this.draw();
    };
    const end = (event) => {
      stop.abort();
      // A tap without a drag leaves what was there.
      if (grip < 0 && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < LEAST_DRAG_PX) this.ends = before;
      this.draw();
    };
    this.layer.addEventListener("pointermove", move, { signal: stop.signal });
    for (const name of ["pointerup", "pointercancel"]) this.layer.addEventListener(name, end, { signal: stop.signal });
  }

  press(event, n) {
    const way = ARROWS[event.key];
    if (!way || !this.ends || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const { frame, matrix } = this.stage;
    const step = (event.shiftKey ? 10 : 1) * Math.max(1, Math.round(frame.clientWidth / 600));
    const seen = new DOMPoint(this.ends[n].x, this.ends[n].y).matrixTransform(matrix);
    const moved = new DOMPoint(seen.x + way[0] * step, seen.y + way[1] * step);
    this.ends = this.ends.with(n, this.held(moved.matrixTransform(matrix.inverse())));
    this.draw();
  }

  get length() {
    const [one, other] = this.ends;
    const [dx, dy] = [other.x - one.x, other.y - one.y];
    if (!this.spacing) return filled(this.words.lengthPx, { length: decimal(Math.hypot(dx, dy), 0) });
    const [row, column] = this.spacing;
    return filled(this.words.length, { length: decimal(Math.hypot(dx * column, dy * row), 1) });
  }

  draw() {
    const isThere = this.isOn && this.ends !== null;
    for (const part of [this.halo, this.line, this.text, ...this.grips]) part.classList.toggle("away", !isThere);
    if (!isThere) return;
    const { matrix } = this.stage;
    const [one, other] = this.ends.map(({ x, y }) => new DOMPoint(x, y).matrixTransform(matrix));
    for (const line of [this.halo, this.line]) put(line, { x1: one.x, y1: one.y, x2: other.x, y2: other.y });
    [one, other].forEach((end, n) => {
      put(this.grips[n], { cx: end.x, cy: end.y, "aria-label": filled(this.words.rulerEnd, { n: n + 1, length: this.length }) });
    });
    const steep = Math.abs(other.y - one.y) > Math.abs(other.x - one.x);
    const [x, y] = [(one.x + other.x) / 2, (one.y + other.y) / 2];
    put(this.text, steep ? { x: x + 10, y: y + TEXT_PX / 3, "text-anchor": "start" } : { x, y: y - 10, "text-anchor": "middle" });
    this.text.textContent = this.length;
  }
}
