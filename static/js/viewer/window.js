// The window of one radiograph. The server renders each from the true values: small ones while the reader drags, one at a
// time with only the newest waiting, and the whole image when the drag ends.
import { between } from "../geometry.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {{centre: number, width: number}} Numbers */
/** @typedef {Numbers & {kind: string, name?: string}} NamedWindow */
/** @typedef {{low: number, high: number, least_width: number, inverted: boolean}} Range */
/** @typedef {{choices: string, image: string, preview: string, original: string}} Urls */

const LIVE_LONG_SIDE = 800;
// Over so many screen pixels a drag doubles the width, or moves the centre by the width of the first window.
const DOUBLE_PX = 140;
const SHIFT_PX = 320;
const KEY_PX = 14;

/** @param {number} value */
const rounded = (value) => Number(value.toPrecision(6));

export class RadiographWindow {
  /**
   * @param {Urls} urls `preview` is what the page shows first, `original` every pixel of it
   * @param {(status: number) => void} failed is told when the server does not give an image; 0 without an answer
   */
  constructor(urls, failed) {
    this.urls = urls;
    this.failed = failed;
    /** @type {Set<Stage>} */
    this.stages = new Set();
    /** @type {Set<(window: RadiographWindow) => void>} */
    this.listeners = new Set();
    /** @type {NamedWindow[] | null} */
    this.choices = null;
    /** @type {Range} */
    this.range = { low: 0, high: 0, least_width: 0, inverted: false };
    /** @type {Numbers | null} null: as shown at first */
    this.now = null;
    this.choice = 0;
    this.isWhole = false;
    this.isBusy = false;
    /** @type {{now: Numbers | null, isFinal: boolean} | null} */
    this.wanted = null;
    /** @type {Promise<void> | null} */
    this.loading = null;
    /** @type {string | null} */
    this.image = null;
    /** @type {string | null} */
    this.liveImage = null;
  }

  /** @param {(window: RadiographWindow) => void} listener */
  onChange(listener) {
    this.listeners.add(listener);
  }

  tell() {
    for (const listener of this.listeners) listener(this);
  }

  /** Ask for the choices once; whether they are there. A failure is forgotten, so that the next call tries again. */
  async load() {
    this.loading ??= this.fetchChoices();
    await this.loading;
    if (this.choices === null) this.loading = null;
    return this.choices !== null;
  }

  async fetchChoices() {
    const answer = await this.fetch(this.urls.choices);
    if (!answer) return;
    try {
      const { windows, ...range } = await answer.json();
      this.range = range;
      this.choices = windows;
      this.tell();
    } catch {
      this.failed(0);
    }
  }

  /**
   * @param {string} address
   * @returns {Promise<Response | null>}
   */
  async fetch(address) {
    try {
      const answer = await fetch(address, { headers: { Accept: "*/*" } });
      if (answer.ok) return answer;
      this.failed(answer.status);
    } catch {
      this.failed(0);
    }
    return null;
  }

  // The stages that show this radiograph

  /** @param {Stage} stage */
  join(stage) {
    this.stages.add(stage);
    if (this.image) stage.setImage(this.image).catch(() => this.failed(0));
  }

  /** @param {Stage} stage */
  leave(stage) {
    this.stages.delete(stage);
  }

  /** Put every pixel in place of the preview, once. */
  showEveryPixel() {
    if (this.isWhole) return;
    this.isWhole = true;
    if (this.now === null) this.set(null, true);
  }

  // Choosing

  get centre() {
    return (this.now ?? this.choices?.[0])?.centre ?? null;
  }

  get width() {
    return (this.now ?? this.choices?.[0])?.width ?? null;
  }

  /** @param {number} n */
  choose(n) {
    if (!this.choices) return;
    const { centre, width } = this.choices[n];
    this.choice = n;
    this.set(n === 0 ? null : { centre, width }, true);
  }

  /** @param {number} by */
  step(by) {
    if (this.choices) this.choose((Math.max(this.choice, 0) + by + this.choices.length) % this.choices.length);
  }

  /**
   * @param {Numbers} numbers held within what the radiograph allows
   * @param {boolean} isFinal
   */
  own({ centre, width }, isFinal) {
    const { low, high, least_width: least } = this.range;
    const most = 4 * Math.max(high - low, least);
    this.choice = -1;
    this.set({ centre: rounded(between(centre, low - most, high + most)), width: rounded(between(width, least, most)) }, isFinal);
  }

  /**
   * From where a drag began, by so many screen pixels: up is brighter, right is softer.
   * @param {Numbers} start
   * @param {number} right
   * @param {number} down
   * @param {boolean} isFinal
   */
  dragged(start, right, down, isFinal) {
    if (!this.choices) return;
    const step = (this.choices[0].width / SHIFT_PX) * (this.range.inverted ? -1 : 1);
    this.own({ centre: start.centre + down * step, width: start.width * 2 ** (right / DOUBLE_PX) }, isFinal);
  }

  /**
   * @param {number} right
   * @param {number} down
   */
  nudge(right, down) {
    const [centre, width] = [this.centre, this.width];
    if (centre !== null && width !== null) this.dragged({ centre, width }, right * KEY_PX, down * KEY_PX, true);
  }

  /**
   * @param {Numbers | null} now
   * @param {boolean} isFinal
   */
  set(now, isFinal) {
    this.now = now;
    this.tell();
    this.wanted = { now, isFinal };
    if (!this.isBusy) this.work();
  }

  // Rendering

  async work() {
    this.isBusy = true;
    while (this.wanted) {
      const { now, isFinal } = this.wanted;
      this.wanted = null;
      try {
        await (isFinal || now === null ? this.showFinal(now) : this.showLive(now));
      } catch {
        this.failed(0);
      }
    }
    this.isBusy = false;
  }

  /** @param {Numbers} now */
  async showLive(now) {
    const address = await this.blobOf({ ...now, long_side: LIVE_LONG_SIDE });
    if (!address) return;
    for (const stage of this.stages) stage.showLive(address);
    this.liveImage = this.replaced(this.liveImage, address);
    this.tell();
  }

  /** @param {Numbers | null} now */
  async showFinal(now) {
    const address = now ? await this.blobOf({ ...now }) : this.isWhole ? this.urls.original : this.urls.preview;
    if (!address) return;
    await Promise.all([...this.stages].map((stage) => stage.setImage(address)));
    this.image = this.replaced(this.image, address);
    // The magnifier looks at the newest image, and that is this one now.
    this.liveImage = this.replaced(this.liveImage, null);
    this.tell();
  }

  /** @param {Record<string, number>} query */
  async blobOf(query) {
    const text = Object.entries(query).map(([name, value]) => [name, String(value)]);
    const answer = await this.fetch(`${this.urls.image}?${new URLSearchParams(text)}`);
    return answer && URL.createObjectURL(await answer.blob());
  }

  /**
   * The address in use; the one before it is given back.
   * @param {string | null} before
   * @param {string | null} address
   */
  replaced(before, address) {
    if (before?.startsWith("blob:") && before !== address) setTimeout(() => URL.revokeObjectURL(before), 1000);
    return address;
  }
}
