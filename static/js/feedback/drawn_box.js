// One box that a reader draws: it is moved, resized by its corners or with arrow keys, and removed with Delete.
import { stepOf } from "../arrows.js";
import { bounds, corners, fit } from "../geometry.js";
import { make, put } from "../svg.js";
import { filled } from "../words.js";

/** @typedef {import("../geometry.js").Rect} Rect */
/** @typedef {import("./drawn_boxes.js").DrawnBoxes} DrawnBoxes */

const CORNERS = ["nw", "ne", "se", "sw"];
const GRIP_PX = 7;
const LABEL_PX = 14;

export class DrawnBox {
  /**
   * @param {DrawnBoxes} boxes
   * @param {Rect} rect in pixels of the radiograph
   * @param {(rect: Rect) => void} onChange
   * @param {() => void} onRemove
   */
  constructor(boxes, rect, onChange, onRemove) {
    this.boxes = boxes;
    this.rect = rect;
    this.onChange = onChange;
    this.onRemove = onRemove;
    this.words = "";
    this.group = make(boxes.layer, "g");
    put(this.group, { tabindex: 0, role: "button", "aria-roledescription": boxes.words.box });
    this.rects = ["area", "halo", "line"].map((name) => make(this.group, "rect", name));
    for (const one of this.rects) one.setAttribute("vector-effect", "non-scaling-stroke");
    this.label = make(this.group, "text");
    this.grips = CORNERS.map((corner) => make(this.group, "circle", `grip ${corner}`));
    this.group.addEventListener("pointerdown", (event) => this.startDrag(event));
    this.group.addEventListener("keydown", (event) => this.press(event));
    this.show();
  }

  /** @param {string} words */
  name(words) {
    this.words = words;
    this.show();
  }

  /** @param {Rect} rect */
  moveTo(rect) {
    this.rect = fit(rect, this.boxes.size);
    this.show();
  }

  /** @param {Rect} rect */
  change(rect) {
    this.moveTo(rect);
    this.onChange(this.rect);
  }

  remove() {
    this.group.remove();
    this.boxes.boxes.delete(this);
  }

  focus() {
    this.group.focus();
  }

  show() {
    const { x, y, width, height } = this.rect;
    const { scale, world } = this.boxes;
    this.group.style.transform = world.toString();
    for (const one of this.rects) put(one, { x, y, width, height });
    const points = corners(this.rect);
    this.grips.forEach((grip, n) => {
      put(grip, { cx: points[n].x, cy: points[n].y, r: GRIP_PX * scale });
      grip.style.strokeWidth = `${scale}px`;
    });
    this.showLabel(bounds(points.map((point) => new DOMPoint(point.x, point.y).matrixTransform(world))));
    this.group.setAttribute("aria-label", filled(this.boxes.words.at, { name: this.words, x, y, width, height }));
  }

  /**
   * Put the label upright and outside the box, however the image is turned.
   * @param {Rect} seen the box as the layer shows it
   */
  showLabel(seen) {
    const { unit, world } = this.boxes;
    const y = seen.y > LABEL_PX * 1.5 * unit ? seen.y - 6 * unit : seen.y + seen.height + 16 * unit;
    put(this.label, { x: seen.x + 8 * unit, y, "font-size": LABEL_PX * unit });
    this.label.style.transform = world.inverse().toString();
    this.label.style.strokeWidth = `${3 * unit}px`;
    this.label.textContent = this.words;
  }

  /** @param {PointerEvent} down */
  startDrag(down) {
    if (down.button !== 0) return;
    down.preventDefault();
    down.stopPropagation();
    this.group.focus({ preventScroll: true });
    const corner = this.grips.findIndex((grip) => grip === down.target);
    const [from, start] = [this.boxes.toImage(down), this.rect];
    const stop = new AbortController();
    const { signal } = stop;
    this.group.setPointerCapture(down.pointerId);
    /** @param {PointerEvent} event */
    const drag = (event) => {
      const to = this.boxes.toImage(event);
      // The corner across stays where it is.
      if (corner >= 0) this.change(bounds([corners(start)[(corner + 2) % 4], to]));
      else this.change({ ...start, x: start.x + to.x - from.x, y: start.y + to.y - from.y });
    };
    this.group.addEventListener("pointermove", drag, { signal });
    this.group.addEventListener("pointerup", () => stop.abort(), { signal });
    this.group.addEventListener("pointercancel", () => stop.abort(), { signal });
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.onRemove();
      return;
    }
    const way = stepOf(event);
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const step = Math.max(1, Math.round(4 * this.boxes.scale));
    const { x, y, width, height } = this.rect;
    if (!event.shiftKey) {
      const [dx, dy] = this.seen(way, step);
      this.change({ ...this.rect, x: x + dx, y: y + dy });
      return;
    }
    const [right, down] = [width + way[0] * step, height + way[1] * step];
    const { size } = this.boxes;
    this.change({ x, y, width: Math.min(right, size.width - x), height: Math.min(down, size.height - y) });
  }

  /**
   * A step as the reader sees it: up is up on the screen, whichever way the image is turned.
   * @param {readonly [number, number]} way
   * @param {number} step
   */
  seen([right, down], step) {
    const turned = this.boxes.world.inverse();
    const [x, y] = [turned.a * right + turned.c * down, turned.b * right + turned.d * down];
    const length = Math.hypot(x, y);
    return [(x / length) * step, (y / length) * step];
  }
}
