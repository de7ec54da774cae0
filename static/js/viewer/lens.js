// A magnifier: a round piece of the image, larger, where the pointer is; in the middle until there is one.

const SIDE_PX = 190;
const TIMES = 2.5;
// A finger hides what is under it.
const ABOVE_FINGER_PX = 110;

export class Lens {
  /**
   * @param {import("./stage.js").Stage} stage
   * @param {() => string} imageOf address of the newest image
   */
  constructor(stage, imageOf) {
    this.stage = stage;
    this.imageOf = imageOf;
    /** @type {{x: number, y: number, isFinger: boolean} | null} */
    this.point = null;
    this.image = new Image();
    this.canvas = document.createElement("canvas");
    this.canvas.className = "lens";
    this.canvas.hidden = true;
    this.canvas.setAttribute("aria-hidden", "true");
    stage.frame.append(this.canvas);
    stage.onChange(() => this.draw());
    stage.frame.addEventListener("pointermove", (event) => this.moveTo(event));
    stage.frame.addEventListener("pointerleave", () => this.moveTo(null));
    this.image.addEventListener("load", () => this.draw());
  }

  get isOn() {
    return !this.canvas.hidden;
  }

  toggle(isOn = !this.isOn) {
    this.canvas.hidden = !isOn;
    this.show();
  }

  /** Take the newest image, which may be another one now. */
  show() {
    if (!this.isOn) return;
    const address = new URL(this.imageOf(), location.href).href;
    if (this.image.src !== address) this.image.src = address;
    this.draw();
  }

  /** @param {PointerEvent | null} event */
  moveTo(event) {
    if (!this.isOn) return;
    const { left, top } = this.stage.frame.getBoundingClientRect();
    this.point = event && { x: event.clientX - left, y: event.clientY - top, isFinger: event.pointerType === "touch" };
    this.draw();
  }

  draw() {
    const context = this.canvas.getContext("2d");
    if (!this.isOn || !this.image.naturalWidth || !context) return;
    const { frame, matrix, scale } = this.stage;
    const ratio = devicePixelRatio;
    const point = this.point ?? { x: frame.clientWidth / 2, y: frame.clientHeight / 2, isFinger: false };
    const lift = point.isFinger ? ABOVE_FINGER_PX : 0;
    this.canvas.style.transform = `translate(${point.x - SIDE_PX / 2}px, ${point.y - SIDE_PX / 2 - lift}px)`;
    this.canvas.width = this.canvas.height = SIDE_PX * ratio;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    context.imageSmoothingEnabled = scale * TIMES * ratio < 1;
    context.scale(ratio, ratio);
    context.translate(SIDE_PX / 2, SIDE_PX / 2);
    context.scale(TIMES, TIMES);
    context.translate(-point.x, -point.y);
    context.transform(matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f);
    context.drawImage(this.image, 0, 0, this.stage.size.width, this.stage.size.height);
  }
}
