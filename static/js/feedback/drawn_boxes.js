// Boxes that a reader draws over a radiograph: an SVG layer in pixels of the radiograph. It keeps no truth of its own;
// each box is a view of a `place` ({x, y, width, height}) and hands every change back. Where a viewer zooms or turns the
// picture, `setWorld` says how the layer's pixels are shown.
import { filled } from "../words.js";

const SVG = "http://www.w3.org/2000/svg";
const CORNERS = ["nw", "ne", "se", "sw"];
const GRIP_PX = 7;
const LABEL_PX = 14;
// A press that moves less than this on the screen is no drag.
const LEAST_DRAG_PX = 5;
const LEAST_SIDE = 1;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const between = (value, low, high) => Math.min(Math.max(value, low), high);
const tenth = (value) => Math.round(value * 10) / 10;

function make(parent, name, className) {
  const made = document.createElementNS(SVG, name);
  made.setAttribute("class", className);
  parent.append(made);
  return made;
}

export class DrawnBoxes {
  // frame: what the picture stands in; size: {width, height} of the radiograph.
  constructor(frame, size, words) {
    Object.assign(this, { frame, size, words, world: new DOMMatrix() });
    this.layer = make(frame, "svg", "drawn");
    this.layer.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    this.layer.setAttribute("role", "group");
    this.layer.setAttribute("aria-label", words.layer);
    this.boxes = new Set();
    new ResizeObserver(() => this.boxes.forEach((box) => box.show())).observe(frame);
  }

  // Pixels of the layer for one pixel of the screen.
  get unit() {
    return 1 / (this.layer.getScreenCTM()?.a || 1);
  }

  // Pixels of the radiograph for one pixel of the screen.
  get scale() {
    return this.unit / (Math.hypot(this.world.a, this.world.b) || 1);
  }

  // world: DOMMatrix from pixels of the radiograph to those of the layer.
  setWorld(world) {
    this.world = world;
    for (const box of this.boxes) box.show();
  }

  toPicture(event) {
    const screen = this.layer.getScreenCTM();
    const there = new DOMMatrix([screen.a, screen.b, screen.c, screen.d, screen.e, screen.f]).multiply(this.world);
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(there.inverse());
    return { x: between(point.x, 0, this.size.width), y: between(point.y, 0, this.size.height) };
  }

  // Whole, inside the picture, at least one pixel wide and high, to a tenth of a pixel.
  fit(place) {
    const width = between(tenth(place.width), LEAST_SIDE, this.size.width);
    const height = between(tenth(place.height), LEAST_SIDE, this.size.height);
    const x = between(tenth(place.x), 0, tenth(this.size.width - width));
    const y = between(tenth(place.y), 0, tenth(this.size.height - height));
    return { x, y, width, height };
  }

  // The next drag over the picture becomes a place; `done` gets it, or null when it was given up.
  arm(done) {
    this.disarm();
    this.layer.classList.add("armed");
    const stop = new AbortController();
    this.disarm = () => {
      stop.abort();
      this.layer.classList.remove("armed");
      this.disarm = () => {};
      sketch?.remove();
    };
    let sketch = null;
    const finish = (place) => {
      this.disarm();
      done(place);
    };
    const { signal } = stop;
    this.layer.addEventListener(
      "pointerdown",
      (down) => {
        if (sketch || down.button !== 0) return;
        down.preventDefault();
        const start = this.toPicture(down);
        sketch = make(this.layer, "rect", "line");
        sketch.style.transform = this.world.toString();
        sketch.setAttribute("vector-effect", "non-scaling-stroke");
        this.layer.setPointerCapture(down.pointerId);
        const placeAt = (event) => spanned(start, this.toPicture(event));
        this.layer.addEventListener("pointermove", (move) => setPlace(sketch, placeAt(move)), { signal });
        this.layer.addEventListener(
          "pointerup",
          (up) => {
            const far = Math.min(Math.abs(up.clientX - down.clientX), Math.abs(up.clientY - down.clientY));
            if (far >= LEAST_DRAG_PX) return finish(this.fit(placeAt(up)));
            sketch.remove();
            return this.arm(done);
          },
          { signal },
        );
        this.layer.addEventListener("pointercancel", () => finish(null), { signal });
      },
      { signal },
    );
    addEventListener("keydown", (event) => event.key === "Escape" && finish(null), { signal });
  }

  disarm() {}

  // A place in the middle of what is in sight, for whoever does not drag.
  middle() {
    const { left, top, width, height } = this.frame.getBoundingClientRect();
    const corners = [[0.4, 0.4], [0.6, 0.6]].map(([x, y]) => ({ clientX: left + x * width, clientY: top + y * height }));
    return this.fit(spanned(...corners.map((corner) => this.toPicture(corner))));
  }

  add(place, onChange, onRemove) {
    const box = new DrawnBox(this, place, onChange, onRemove);
    this.boxes.add(box);
    return box;
  }
}

function spanned(one, other) {
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  return { x, y, width: Math.abs(one.x - other.x), height: Math.abs(one.y - other.y) };
}

function setPlace(rect, place) {
  for (const [name, value] of Object.entries(place)) rect.setAttribute(name, value);
}

class DrawnBox {
  constructor(boxes, place, onChange, onRemove) {
    Object.assign(this, { boxes, place, onChange, onRemove, words: "" });
    this.group = make(boxes.layer, "g", "");
    this.group.setAttribute("tabindex", "0");
    this.group.setAttribute("role", "button");
    this.group.setAttribute("aria-roledescription", boxes.words.box);
    this.rects = ["area", "halo", "line"].map((name) => make(this.group, "rect", name));
    for (const rect of this.rects) rect.setAttribute("vector-effect", "non-scaling-stroke");
    this.label = make(this.group, "text", "");
    this.grips = CORNERS.map((corner) => make(this.group, "circle", `grip ${corner}`));
    this.group.addEventListener("pointerdown", (event) => this.startDrag(event));
    this.group.addEventListener("keydown", (event) => this.press(event));
    this.show();
  }

  name(words) {
    this.words = words;
    this.show();
  }

  moveTo(place) {
    this.place = this.boxes.fit(place);
    this.show();
  }

  change(place) {
    this.moveTo(place);
    this.onChange(this.place);
  }

  remove() {
    this.group.remove();
    this.boxes.boxes.delete(this);
  }

  focus() {
    this.group.focus();
  }

  show() {
    const { x, y, width, height } = this.place;
    const { scale, world } = this.boxes;
    this.group.style.transform = world.toString();
    for (const rect of this.rects) setPlace(rect, this.place);
    const corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
    this.grips.forEach((grip, n) => {
      setPlace(grip, { cx: corners[n][0], cy: corners[n][1], r: GRIP_PX * scale });
      grip.style.strokeWidth = `${scale}px`;
    });
    this.showLabel(corners.map(([left, top]) => new DOMPoint(left, top).matrixTransform(world)));
    this.group.setAttribute("aria-label", filled(this.boxes.words.at, { name: this.words, x, y, width, height }));
  }

  // Upright and outside the box, however the picture is turned; corners: as the layer shows them.
  showLabel(corners) {
    const { unit, world } = this.boxes;
    const [xs, ys] = [corners.map((corner) => corner.x), corners.map((corner) => corner.y)];
    const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
    const y = top > LABEL_PX * 1.5 * unit ? top - 6 * unit : bottom + 16 * unit;
    setPlace(this.label, { x: Math.min(...xs) + 8 * unit, y });
    this.label.style.transform = world.inverse().toString();
    this.label.setAttribute("font-size", LABEL_PX * unit);
    this.label.style.strokeWidth = `${3 * unit}px`;
    this.label.textContent = this.words;
  }

  startDrag(down) {
    if (down.button !== 0) return;
    down.preventDefault();
    down.stopPropagation();
    this.group.focus({ preventScroll: true });
    const corner = this.grips.indexOf(down.target);
    const [from, start] = [this.boxes.toPicture(down), this.place];
    const stop = new AbortController();
    const { signal } = stop;
    this.group.setPointerCapture(down.pointerId);
    const drag = (event) => {
      const to = this.boxes.toPicture(event);
      if (corner >= 0) this.change(spanned(opposite(start, corner), to));
      else this.change({ ...start, x: start.x + to.x - from.x, y: start.y + to.y - from.y });
    };
    this.group.addEventListener("pointermove", drag, { signal });
    for (const end of ["pointerup", "pointercancel"]) this.group.addEventListener(end, () => stop.abort(), { signal });
  }

  press(event) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.onRemove();
      return;
    }
    const way = ARROWS[event.key];
    if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const step = Math.max(1, Math.round(4 * this.boxes.scale));
    event.stopPropagation();
    const { x, y, width, height } = this.place;
    const [dx, dy] = event.shiftKey ? way.map((side) => side * step) : this.seen(way, step);
    if (!event.shiftKey) return this.change({ ...this.place, x: x + dx, y: y + dy });
    const grown = { width: Math.min(width + dx, this.boxes.size.width - x), height: Math.min(height + dy, this.boxes.size.height - y) };
    return this.change({ x, y, ...grown });
  }
  // A step as the reader sees it: up is up on the screen, whichever way the picture is turned.
  seen([right, down], step) {
    const turned = this.boxes.world.inverse();
    const [x, y] = [turned.a * right + turned.c * down, turned.b * right + turned.d * down];
    const length = Math.hypot(x, y);
    return [(x / length) * step, (y / length) * step];
  }
}

function opposite({ x, y, width, height }, corner) {
  return [{ x: x + width, y: y + height }, { x, y: y + height }, { x, y }, { x: x + width, y }][corner];
}
