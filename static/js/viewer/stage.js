// An image that can be zoomed, moved, turned and flipped, over the one in its frame: OpenSeadragon, and the matrix that says
// where each pixel of the radiograph is. Images come as addresses; each shows the whole radiograph, in whatever resolution.

import { find } from "../dom.js";
import { setting } from "../stored.js";

/** @typedef {import("../geometry.js").Point} Point */
/** @typedef {import("../geometry.js").Rect} Rect */
/** @typedef {import("../geometry.js").Size} Size */
/** @typedef {{zoom: number, x: number, y: number, degrees: number, isFlipped: boolean}} Look */

const ZOOM_STEP = 1.4;
const PAN_STEP = 0.12;
// What a box that is zoomed to takes of the frame, and how many screen pixels a pixel of the radiograph gets at most then.
const BOX_SHARE = 0.5;
const MOST_SCALE_OF_BOX = 6;
const MOST_SCALE = 24;
const QUARTER = 90;
const ANIMATION_S = 0.2;

// OpenSeadragon adds a style sheet, which the page's policy forbids, unless an element of this name and mark is there; one
// of no known kind is no sheet either.
const noSheet = document.createElementNS("urn:no-sheet", "style");
noSheet.setAttribute("data-openseadragon-mobile-css", "");
document.head.append(noSheet);

const isStill = matchMedia("(prefers-reduced-motion: reduce)");

/** @type {Partial<OpenSeadragon.Options>} */
const OPTIONS = {
  drawer: "canvas",
  showNavigationControl: false,
  showSequenceControl: false,
  tabIndex: -1,
  springStiffness: 9,
  immediateRender: true,
  minZoomImageRatio: 0.5,
  visibilityRatio: 0.3,
  preserveImageSizeOnResize: false,
  gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true, flickEnabled: false },
  gestureSettingsPen: { clickToZoom: false },
};

/**
 * @typedef {{animationTime: number}} Spring
 * @typedef {OpenSeadragon.Viewport & Record<"centerSpringX" | "centerSpringY" | "zoomSpring" | "degreesSpring", Spring>} Springs
 * what the library has and its types do not name
 */

/** @type {OpenSeadragon.GestureSettings & {pinchRotate: boolean, dblClickDragToZoom: boolean}} */
const TOUCH = { pinchRotate: true, flickEnabled: !isStill.matches, dblClickDragToZoom: false };

/**
 * Whether the wheel is meant for the image: it has the focus, fills the screen, or its reader wants it so.
 * @param {HTMLElement} frame
 * @param {WheelEvent} event
 */
const isWheelMeant = (frame, event) =>
  event.ctrlKey || frame.contains(document.activeElement) || document.fullscreenElement !== null || wheelZooms();

export const WHEEL_SETTING = "wheel-zooms";
export const wheelZooms = () => setting(WHEEL_SETTING) !== null;

export class Stage {
  /**
   * @param {HTMLElement} frame holds an <img> of the radiograph, which stays as it is and keeps the size
   * @param {Size} size in pixels of the radiograph
   * @param {string} address of the image that is shown first
   */
  constructor(frame, size, address) {
    this.frame = frame;
    this.size = size;
    /** @type {Set<(stage: Stage) => void>} */
    this.listeners = new Set();
    /** @type {Set<(point: Point) => void>} */
    this.clicked = new Set();
    /** @type {() => void} */
    this.onWheelPassed = () => {};
    this.wasWhole = true;
    this.host = document.createElement("div");
    this.host.className = "stage";
    find(frame, "img").after(this.host);
    this.live = document.createElement("img");
    Object.assign(this.live, { className: "live", alt: "", hidden: true });
    this.viewer = new OpenSeadragon.Viewer({
      ...OPTIONS,
      element: this.host,
      tileSources: { type: "image", url: address },
      animationTime: isStill.matches ? 0 : ANIMATION_S,
      maxZoomPixelRatio: MOST_SCALE,
      gestureSettingsTouch: TOUCH,
    });
    this.viewer.canvas.append(this.live);
    /** @type {Promise<void>} */
    this.isOpen = new Promise((resolve) => this.viewer.addOnceHandler("open", () => resolve()));
    this.listen();
  }

  listen() {
    const { viewer } = this;
    for (const name of /** @type {const} */ (["open", "update-viewport", "rotate", "flip"])) {
      viewer.addHandler(name, () => this.tell());
    }
    // What showed whole shows whole in another size, too. OpenSeadragon sets its own zoom after it tells of a resize.
    viewer.addHandler("after-resize", () => {
      if (this.wasWhole) viewer.addOnceHandler("update-viewport", () => viewer.viewport.goHome(true), undefined, 1, 1);
    });
    viewer.addHandler("canvas-key", (event) => Object.assign(event, { preventDefaultAction: true }));
    viewer.addHandler("canvas-scroll", (event) => this.scrolled(event));
    viewer.addHandler("canvas-click", (event) => {
      if (event.quick) for (const listener of this.clicked) listener(event.position);
    });
    isStill.addEventListener("change", () => this.setPace());
  }

  /** @param {OpenSeadragon.CanvasScrollEvent} event */
  scrolled(event) {
    if (isWheelMeant(this.frame, /** @type {WheelEvent} */ (event.originalEvent))) return;
    // A wheel that only passes over the image scrolls the page.
    Object.assign(event, { preventDefaultAction: true, preventDefault: false });
    this.onWheelPassed();
  }

  setPace() {
    const viewport = /** @type {Springs} */ (this.viewer.viewport);
    for (const spring of [viewport.centerSpringX, viewport.centerSpringY, viewport.zoomSpring, viewport.degreesSpring]) {
      spring.animationTime = isStill.matches ? 0 : ANIMATION_S;
    }
  }

  destroy() {
    this.viewer.destroy();
    this.host.remove();
  }

  /** @param {(stage: Stage) => void} listener */
  onChange(listener) {
    this.listeners.add(listener);
    listener(this);
  }

  tell() {
    if (!this.viewer.viewport || !this.isThere) return;
    const { scale } = this;
    // From one pixel to one pixel on, every pixel of the radiograph is seen as it is.
    this.viewer.drawer.setImageSmoothingEnabled(scale * devicePixelRatio < 0.999);
    this.live.style.transform = this.matrix.toString();
    // A image that shows whole has nowhere to go: a finger that moves up or down scrolls the page.
    this.wasWhole = this.isWhole;
    this.viewer.canvas.style.touchAction = this.wasWhole ? "pan-y" : "none";
    for (const listener of this.listeners) listener(this);
  }

  // Where things are. Points of the frame are CSS pixels from its top left corner.

  get isThere() {
    return this.viewer.world.getItemCount() > 0 && this.viewer.container.clientWidth > 0;
  }

  // From pixels of the radiograph to points of the frame, for the image as it stands without a viewer.
  get rest() {
    const { clientWidth: width, clientHeight: height } = this.frame;
    const scale = Math.min(width / this.size.width, height / this.size.height) || 1;
    return new DOMMatrix([scale, 0, 0, scale, (width - scale * this.size.width) / 2, (height - scale * this.size.height) / 2]);
  }

  // The same for the image as it is shown now; isNow: false for where a movement that is going on will end.
  get matrix() {
    return this.matrixAt(true);
  }

  /** @param {boolean} isNow */
  matrixAt(isNow) {
    if (!this.isThere) return this.rest;
    const { viewport } = this.viewer;
    const { x: width, y: height } = viewport.getContainerSize();
    const bounds = viewport.getBoundsNoRotate(isNow);
    const toFrame = width / bounds.width;
    const matrix = new DOMMatrix().translateSelf(width / 2, height / 2);
    if (viewport.getFlip()) matrix.scaleSelf(-1, 1);
    matrix.rotateSelf(viewport.getRotation(isNow));
    matrix.translateSelf(-width / 2 - bounds.x * toFrame, -height / 2 - bounds.y * toFrame);
    return matrix.scaleSelf(toFrame / this.size.width);
  }

  // Screen pixels for one pixel of the radiograph.
  get scale() {
    const { a, b } = this.matrix;
    return Math.hypot(a, b);
  }

  get isWhole() {
    return this.viewer.viewport.getZoom() <= this.viewer.viewport.getHomeZoom() * 1.01;
  }

  // How it is shown, for another stage to follow: zoom in terms of the whole image, centre in shares of its sides.
  /** @returns {Look} */
  get look() {
    const { viewport } = this.viewer;
    const centre = viewport.getCenter();
    const aspect = this.size.height / this.size.width;
    return {
      zoom: viewport.getZoom() / viewport.getHomeZoom(),
      x: centre.x,
      y: centre.y / aspect,
      degrees: viewport.getRotation(),
      isFlipped: viewport.getFlip(),
    };
  }

  /** @param {Look} look */
  set look({ zoom, x, y, degrees, isFlipped }) {
    if (!this.isThere) return;
    const { viewport } = this.viewer;
    const aspect = this.size.height / this.size.width;
    viewport.setRotation(degrees, true);
    viewport.setFlip(isFlipped);
    viewport.zoomTo(zoom * viewport.getHomeZoom(), undefined, true);
    viewport.panTo(new OpenSeadragon.Point(x, y * aspect), true);
  }

  // What it does

  zoomIn() {
    this.zoomBy(ZOOM_STEP);
  }

  zoomOut() {
    this.zoomBy(1 / ZOOM_STEP);
  }

  /** @param {number} factor */
  zoomBy(factor) {
    this.viewer.viewport.zoomBy(factor).applyConstraints();
  }

  /**
   * Move what is looked at by steps of the screen, whichever way the image is turned.
   * @param {number} right
   * @param {number} down
   */
  panBy(right, down) {
    const { viewport } = this.viewer;
    const { x: width, y: height } = viewport.getContainerSize();
    const middle = new DOMPoint(width * (0.5 + right * PAN_STEP), height * (0.5 + down * PAN_STEP));
    this.centreOn(middle.matrixTransform(this.matrixAt(false).inverse()));
    viewport.applyConstraints();
  }

  /** @param {Point} point */
  centreOn({ x, y }) {
    this.viewer.viewport.panTo(new OpenSeadragon.Point(x / this.size.width, y / this.size.width), isStill.matches);
  }

  fit() {
    this.viewer.viewport.goHome(isStill.matches);
  }

  oneToOne() {
    this.scaleTo(1 / devicePixelRatio);
  }

  /** Whether one pixel of the radiograph takes one of the screen. */
  get isOneToOne() {
    return Math.abs(this.scale * devicePixelRatio - 1) < 0.01;
  }

  /** @param {number} scale screen pixels for one pixel of the radiograph */
  scaleTo(scale) {
    const { viewport } = this.viewer;
    viewport.zoomTo((scale * this.size.width) / viewport.getContainerSize().x, undefined, isStill.matches);
  }

  /** @param {number} degrees clockwise as seen */
  rotateBy(degrees) {
    const { viewport } = this.viewer;
    // Seen in a mirror, the same turn goes the other way round.
    const turned = viewport.getRotation() + (viewport.getFlip() ? -degrees : degrees);
    viewport.setRotation(((turned % 360) + 360) % 360, true);
  }

  rotateLeft() {
    this.rotateBy(-QUARTER);
  }

  rotateRight() {
    this.rotateBy(QUARTER);
  }

  flip() {
    this.viewer.viewport.toggleFlip();
  }

  get isFlipped() {
    return this.viewer.viewport?.getFlip() ?? false;
  }

  reset() {
    this.viewer.viewport.setRotation(0, true);
    this.viewer.viewport.setFlip(false);
    this.fit();
  }

  /** @param {Rect} box in pixels of the radiograph */
  zoomTo({ x, y, width, height }) {
    const { x: frameWidth, y: frameHeight } = this.viewer.viewport.getContainerSize();
    const turn = (this.viewer.viewport.getRotation() * Math.PI) / 180;
    const [cos, sin] = [Math.abs(Math.cos(turn)), Math.abs(Math.sin(turn))];
    const across = (BOX_SHARE * frameWidth) / (width * cos + height * sin);
    const down = (BOX_SHARE * frameHeight) / (width * sin + height * cos);
    this.scaleTo(Math.min(across, down, MOST_SCALE_OF_BOX));
    this.centreOn({ x: x + width / 2, y: y + height / 2 });
  }

  // Images

  /**
   * Put a quick image over the other, however few pixels it has, until `setImage` is done.
   * @param {string} address
   */
  showLive(address) {
    this.live.width = this.size.width;
    this.live.height = this.size.height;
    this.live.src = address;
    this.live.hidden = false;
    this.tell();
  }

  /**
   * Put another image in place of the one that is there, once it is drawn.
   * @param {string} address
   * @returns {Promise<void>}
   */
  setImage(address) {
    const { world } = this.viewer;
    const before = world.getItemCount();
    return new Promise((resolve, reject) => {
      const clear = () => {
        while (world.getItemCount() > before) world.removeItem(world.getItemAt(0));
        if (world.getItemCount() > 1) world.removeItem(world.getItemAt(0));
        this.live.hidden = true;
        resolve();
      };
      this.viewer.addTiledImage({
        tileSource: { type: "image", url: address },
        success: (event) => {
          const item = /** @type {{item: OpenSeadragon.TiledImage}} */ (/** @type {unknown} */ (event)).item;
          if (item.getFullyLoaded()) clear();
          else item.addOnceHandler("fully-loaded-change", clear);
        },
        error: reject,
      });
    });
  }
}
