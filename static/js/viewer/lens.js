// A magnifier: a round piece of the picture, larger, where the pointer is; in the middle until there is one.

const SIDE_PX = 190;
const TIMES = 2.5;
// A finger hides what is under it.
const ABOVE_FINGER_PX = 110;

export class Lens {
  constructor(stage, pictureOf) {
    Object.assign(this, { stage, pictureOf, point: null, image: new Image() });
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

  // Another picture may be there now.
  show() {
    if (!this.isOn) return;
    const address = this.pictureOf();
    if (this.image.src !== new URL(address, location.href).href) this.image.src = address;
    this.draw();
  }

  moveTo(event) {
    if (!this.isOn) return;
    const { left, top } = this.stage.frame.getBoundingClientRect();
    this.point = event && { x: event.clientX - left, y: event.clientY - top, isFinger: event.pointerType === "touch" };
    this.draw();
  }

  draw() {
    if (!this.isOn || !this.image.naturalWidth) return;
    const { frame, matrix, scale } = this.stage;
    const ratio = devicePixelRatio;
    const point = this.point ?? { x: frame.clientWidth / 2, y: frame.clientHeight / 2 };
    const lift = point.isFinger ? ABOVE_FINGER_PX : 0;
    this.canvas.style.transform = `translate(${point.x - SIDE_PX / 2}px, ${point.y - SIDE_PX / 2 - lift}px)`;
    this.canvas.width = this.canvas.height = SIDE_PX * ratio;
    const context = this.canvas.getContext("2d");
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
