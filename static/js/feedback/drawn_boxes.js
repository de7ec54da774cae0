// Boxes that a reader draws over a radiograph: an SVG layer in pixels of the radiograph. It keeps no truth of its own; each box
// shows a rectangle and hands every change back. Where a viewer zooms or turns the image, `setWorld` says how the layer's
// pixels are shown.
import { between, bounds, fit } from "../geometry.js";
import { make, put } from "../svg.js";
import { DrawnBox } from "./drawn_box.js";

/** @typedef {import("../geometry.js").Rect} Rect */

// A press that moves less than this on the screen is no drag.
const LEAST_DRAG_PX = 5;

export class DrawnBoxes {
  /**
   * @param {HTMLElement} frame what the image stands in
   * @param {import("../geometry.js").Size} size of the radiograph
   * @param {import("../words.js").Words} words
   */
  constructor(frame, size, words) {
    this.frame = frame;
    this.size = size;
    this.words = words;
    this.world = new DOMMatrix();
    /** @type {Set<DrawnBox>} */
    this.boxes = new Set();
    /** @type {() => void} */
    this.disarm = () => {};
    this.layer = make(frame, "svg", "drawn");
    put(this.layer, { viewBox: `0 0 ${size.width} ${size.height}`, role: "group", "aria-label": words.layer });
    new ResizeObserver(() => this.boxes.forEach((box) => box.show())).observe(frame);
  }

  /** Pixels of the layer for one pixel of the screen. */
  get unit() {
    return 1 / (this.layer.getScreenCTM()?.a || 1);
  }

  /** Pixels of the radiograph for one pixel of the screen. */
  get scale() {
    return this.unit / (Math.hypot(this.world.a, this.world.b) || 1);
  }

  /** @param {DOMMatrix} world from pixels of the radiograph to those of the layer */
  setWorld(world) {
    this.world = world;
    for (const box of this.boxes) box.show();
  }

  /** @param {{clientX: number, clientY: number}} event */
  toImage(event) {
    const screen = this.layer.getScreenCTM() ?? new DOMMatrix();
    const there = new DOMMatrix([screen.a, screen.b, screen.c, screen.d, screen.e, screen.f]).multiply(this.world);
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(there.inverse());
    return { x: between(point.x, 0, this.size.width), y: between(point.y, 0, this.size.height) };
  }

  /**
   * Make the next drag over the image a box; `done` gets it, or null when it was given up.
   * @param {(rect: Rect | null) => void} done
   */
  arm(done) {
    this.disarm();
    this.layer.classList.add("armed");
    const stop = new AbortController();
    const { signal } = stop;
    this.disarm = () => {
      stop.abort();
      this.layer.classList.remove("armed");
      this.disarm = () => {};
    };
    /** @param {Rect | null} rect */
    const finish = (rect) => {
      this.disarm();
      done(rect);
    };
    this.layer.addEventListener("pointerdown", (down) => this.sketch(down, signal, finish), { signal });
    addEventListener("keydown", (event) => event.key === "Escape" && finish(null), { signal });
  }

  /**
   * @param {PointerEvent} down
   * @param {AbortSignal} signal
   * @param {(rect: Rect | null) => void} finish
   */
  sketch(down, signal, finish) {
    if (down.button !== 0 || this.layer.querySelector("[data-sketch]")) return;
    down.preventDefault();
    const rect = make(this.layer, "rect", "line");
    rect.style.transform = this.world.toString();
    put(rect, { "vector-effect": "non-scaling-stroke", "data-sketch": "" });
    const stop = new AbortController();
    const both = { signal: AbortSignal.any([signal, stop.signal]) };
    both.signal.addEventListener("abort", () => rect.remove());
    const start = this.toImage(down);
    /** @param {PointerEvent} event */
    const rectAt = (event) => bounds([start, this.toImage(event)]);
    this.layer.setPointerCapture(down.pointerId);
    this.layer.addEventListener("pointermove", (move) => put(rect, rectAt(move)), both);
    this.layer.addEventListener("pointerup", (up) => {
      const far = Math.min(Math.abs(up.clientX - down.clientX), Math.abs(up.clientY - down.clientY));
      // A press without a drag leaves it armed.
      if (far < LEAST_DRAG_PX) stop.abort();
      else finish(fit(rectAt(up), this.size));
    }, both);
    this.layer.addEventListener("pointercancel", () => finish(null), both);
  }

  /** A box in the middle of what is in sight, for a reader who does not drag. */
  middle() {
    const { left, top, width, height } = this.frame.getBoundingClientRect();
    const points = [0.4, 0.6].map((share) => this.toImage({ clientX: left + share * width, clientY: top + share * height }));
    return fit(bounds(points), this.size);
  }

  /**
   * @param {Rect} rect
   * @param {(rect: Rect) => void} onChange
   * @param {() => void} onRemove
   */
  add(rect, onChange, onRemove) {
    const box = new DrawnBox(this, rect, onChange, onRemove);
    this.boxes.add(box);
    return box;
  }
}
