// One picture that is looked at: the stage with all that lies over it. A card has one, and one beside it when asked.
import { Lens } from "./lens.js";
import { Overlay } from "./overlay.js";
import { Ruler } from "./ruler.js";
import { Stage } from "./stage.js";

// What a card says of its radiograph.
export function radiographOf(card) {
  const data = card.dataset;
  const spacing = data.spacingMm?.split(" ").map(Number) ?? null;
  return {
    id: data.image,
    number: data.number,
    size: { width: Number(data.width), height: Number(data.height) },
    spacing,
    original: card.querySelector(".marked .frame img").src,
    urls: { picture: data.windowUrl, choices: data.windowsUrl },
  };
}

export class Pane {
  // window: the RadiographWindow of the same radiograph; svg: its boxes, or null.
  constructor(frame, radiograph, window, svg, words) {
    Object.assign(this, { frame, radiograph, window });
    this.stage = new Stage(frame, radiograph.size, radiograph.original);
    this.overlay = svg && new Overlay(svg, this.stage);
    this.ruler = new Ruler(this.stage, radiograph.spacing, words);
    this.lens = new Lens(this.stage, () => window.livePicture ?? window.picture ?? radiograph.original);
    this.stop = new AbortController();
    this.stage.isOpen.then(() => window.join(this.stage));
    window.onChange(() => this.lens.show());
    this.stage.onChange(({ rest, matrix }) => {
      const world = rest.inverse().multiply(matrix);
      frame.dispatchEvent(new CustomEvent("viewer-moved", { detail: world }));
    });
    // Layers over the stage take the pointer while something is drawn; the wheel goes on to the picture under them.
    frame.addEventListener("wheel", (event) => this.passOn(event), { passive: false, signal: this.stop.signal });
  }

  passOn(event) {
    if (event.target.closest(".stage")) return;
    event.preventDefault();
    this.stage.viewer.canvas.dispatchEvent(new WheelEvent("wheel", event));
  }

  destroy() {
    this.stop.abort();
    this.window.leave(this.stage);
    for (const part of [this.ruler.layer, this.lens.canvas]) part.remove();
    this.stage.destroy();
  }
}
