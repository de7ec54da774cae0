// One image that is looked at: the stage with all that lies over it. A view has one, and one beside it when asked.
import { find, targetOf } from "../dom.js";
import { Lens } from "./lens.js";
import { Measures } from "./measures.js";
import { Overlay } from "./overlay.js";
import { Stage } from "./stage.js";

/**
 * @typedef {object} RadiographData what the page says of a radiograph
 * @property {string} id
 * @property {string} number
 * @property {import("../geometry.js").Size} size
 * @property {import("./measure.js").Spacing | null} spacing
 * @property {number} previewScale pixels of the preview for one of the radiograph
 * @property {import("./window.js").Urls} urls
 */

/**
 * @param {HTMLElement} card
 * @returns {RadiographData}
 */
export function radiographOf(card) {
  const { image = "", number = "", width, height, spacingMm, windowUrl = "", windowsUrl = "", originalUrl = "" } = card.dataset;
  const preview = find(card, ".marked .frame img", HTMLImageElement);
  const size = { width: Number(width), height: Number(height) };
  const [row, column] = spacingMm?.split(" ").map(Number) ?? [];
  return {
    id: image,
    number,
    size,
    spacing: row && column ? [row, column] : null,
    previewScale: Math.min(1, Number(preview.dataset.longSide) / Math.max(size.width, size.height)),
    urls: { image: windowUrl, choices: windowsUrl, original: originalUrl, preview: preview.src },
  };
}

export class Pane {
  /**
   * @param {HTMLElement} frame
   * @param {RadiographData} radiograph
   * @param {import("./window.js").RadiographWindow} window of the same radiograph
   * @param {SVGSVGElement | null} svg its boxes
   * @param {import("./measures.js").ViewerWords} words
   */
  constructor(frame, radiograph, window, svg, words) {
    this.frame = frame;
    this.radiograph = radiograph;
    this.window = window;
    this.stage = new Stage(frame, radiograph.size, window.image ?? radiograph.urls.preview);
    this.overlay = svg && new Overlay(svg, this.stage);
    this.measures = new Measures(this.stage, radiograph.spacing, words);
    this.lens = new Lens(this.stage, () => window.liveImage ?? window.image ?? radiograph.urls.preview);
    this.stop = new AbortController();
    this.stage.isOpen.then(() => window.join(this.stage));
    window.onChange(() => this.lens.show());
    this.stage.onChange((stage) => this.moved(stage));
    // Layers over the stage take the pointer while something is drawn; the wheel goes on to the image under them.
    frame.addEventListener("wheel", (event) => this.passOn(event), { passive: false, signal: this.stop.signal });
  }

  /** @param {Stage} stage */
  moved(stage) {
    const world = stage.rest.inverse().multiply(stage.matrix);
    this.frame.dispatchEvent(new CustomEvent("viewer-moved", { detail: world }));
    // More is seen than the preview has.
    if (stage.scale * devicePixelRatio > this.radiograph.previewScale * 1.02) this.window.showEveryPixel();
  }

  /** @param {WheelEvent} event */
  passOn(event) {
    if (targetOf(event).closest(".stage")) return;
    event.preventDefault();
    this.stage.viewer.canvas.dispatchEvent(new WheelEvent("wheel", event));
  }

  destroy() {
    this.stop.abort();
    this.window.leave(this.stage);
    for (const part of [this.measures.layer, this.lens.canvas]) part.remove();
    this.stage.destroy();
  }
}
