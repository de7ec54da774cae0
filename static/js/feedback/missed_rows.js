// The rows of fractures that a reader marks: each has a region, four numbers, and a box over the image that follows them
// and that they follow.
import { find, findAll } from "../dom.js";
import { filled } from "../words.js";
import { findingOf } from "./finding.js";

/** @typedef {import("../geometry.js").Rect} Rect */
/** @typedef {import("./drawn_box.js").DrawnBox} DrawnBox */
/** @typedef {import("../words.js").Words & {regions: Record<string, string>}} FeedbackWords */
/** @typedef {{region: string, other: string, corrects: string, rect: Rect}} Missed */

const SIDES = /** @type {const} */ (["x", "y", "width", "height"]);
export const OTHER = "other";

/**
 * @param {HTMLElement} row
 * @param {string} name
 */
const field = (row, name) => find(row, `[name=missed-${name}]`, HTMLInputElement);
/** @param {HTMLElement} row */
const regionOf = (row) => find(row, "[name=missed-region]", HTMLSelectElement);
/** @param {HTMLElement} row */
export const correctsOf = (row) => row.dataset.corrects ?? "";

/**
 * @param {HTMLElement} row
 * @returns {Rect}
 */
export function rectOf(row) {
  const [x, y, width, height] = SIDES.map((side) => Number(field(row, side).value));
  return { x, y, width, height };
}

export class MissedRows {
  /**
   * @param {HTMLFormElement} form
   * @param {import("./drawn_boxes.js").DrawnBoxes} boxes
   * @param {FeedbackWords} words
   * @param {{changed: () => void, removed: (corrects: string) => void}} tell
   */
  constructor(form, boxes, words, tell) {
    this.form = form;
    this.boxes = boxes;
    this.words = words;
    this.tell = tell;
    this.list = find(form, "[data-missed]");
    this.template = find(form, "template[data-row]", HTMLTemplateElement);
    /** @type {Map<HTMLElement, DrawnBox>} */
    this.shown = new Map();
    find(form, "[data-blank]").replaceChildren();
    for (const row of this.all) this.watch(row);
  }

  get all() {
    return findAll(this.list, "[data-missed-row]");
  }

  /** @returns {Missed[]} */
  get values() {
    return this.all.map((row) => ({
      region: regionOf(row).value,
      other: field(row, "other").value,
      corrects: correctsOf(row),
      rect: rectOf(row),
    }));
  }

  /** @param {Missed} missed `corrects`: the value of the radio button that rejects the finding which the row replaces */
  add({ region, other, corrects, rect }) {
    const row = /** @type {HTMLElement} */ (find(this.template.content, "[data-missed-row]").cloneNode(true));
    this.list.append(row);
    if (corrects) {
      row.dataset.corrects = corrects;
      const textContent = filled(this.words.corrects, { region: this.nameOf(findingOf(corrects).region) });
      Object.assign(find(row, "[data-row-note]"), { textContent, hidden: false });
    }
    regionOf(row).value = region;
    field(row, "other").value = other;
    this.fill(row, rect);
    this.watch(row);
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {Rect} rect
   */
  fill(row, rect) {
    for (const side of SIDES) field(row, side).value = String(rect[side]);
  }

  /** @param {HTMLElement} row */
  watch(row) {
    const fields = SIDES.map((side) => field(row, side));
    for (const control of [regionOf(row), ...fields]) control.required = true;
    const changed = (/** @type {Rect} */ rect) => {
      this.fill(row, rect);
      this.tell.changed();
    };
    const box = this.boxes.add(rectOf(row), changed, () => this.remove(row));
    this.shown.set(row, box);
    row.addEventListener("input", () => {
      if (fields.every((one) => one.value !== "" && one.validity.valid)) box.moveTo(rectOf(row));
      this.name();
    });
    find(row, "[data-remove]").addEventListener("click", () => this.remove(row));
    this.name();
  }

  /** @param {HTMLElement} row */
  remove(row) {
    this.drop(row);
    this.tell.removed(correctsOf(row));
  }

  /** @param {HTMLElement} row */
  drop(row) {
    this.shown.get(row)?.remove();
    this.shown.delete(row);
    row.remove();
    this.name();
  }

  /** @param {HTMLElement} row */
  focusBox(row) {
    this.shown.get(row)?.focus();
  }

  /** @param {HTMLElement} row */
  focusRegion(row) {
    regionOf(row).focus({ preventScroll: true });
  }

  /**
   * A region as the page calls it, in its language.
   * @param {string} region
   */
  nameOf(region) {
    return this.words.regions[region] ?? region;
  }

  /** Name each box by its row, and show the field for a region's own name where it is asked for. */
  name() {
    let missed = 0;
    for (const row of this.all) {
      const [chosen, own] = [regionOf(row).value, field(row, "other").value];
      const region = chosen === OTHER && own ? own : this.nameOf(chosen);
      if (!correctsOf(row)) missed += 1;
      const words = correctsOf(row) ? this.words.corrected : this.words.missed;
      this.shown.get(row)?.name(filled(words, { n: missed, region }).trim());
      find(row, "[data-other]").hidden = chosen !== OTHER;
    }
  }
}
