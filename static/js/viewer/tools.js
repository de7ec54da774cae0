// The tools beside an image: buttons, the list of windows, the numbers, and what is said of them.
import { stepOf } from "../arrows.js";
import { find, findAll, targetOf } from "../dom.js";
import { decimal, filled, percent } from "../words.js";

/** @typedef {import("./window.js").RadiographWindow} RadiographWindow */
/** @typedef {import("./window.js").NamedWindow} NamedWindow */

export class Tools {
  /**
   * @param {HTMLElement} card
   * @param {import("../words.js").Words} words
   * @param {(name: string, byKey: boolean) => void} act does what a button is for
   */
  constructor(card, words, act) {
    this.words = words;
    this.element = find(card, "[data-tools]");
    this.buttons = findAll(this.element, "[data-do]");
    this.presets = find(card, "[data-presets]", HTMLSelectElement);
    this.form = find(card, "[data-window-form]", HTMLFormElement);
    this.readout = find(card, "[data-readout]");
    this.note = find(card, "[data-note]");
    this.status = find(card, "[data-viewer-says]");
    for (const button of this.buttons) {
      button.addEventListener("click", (event) => act(button.dataset.do ?? "", event.detail === 0));
    }
    this.rove(this.buttons[0]);
    this.element.addEventListener("keydown", (event) => this.walk(event));
  }

  /**
   * One stop for the Tab key; arrow keys go on from there.
   * @param {HTMLElement} current
   */
  rove(current) {
    for (const button of this.buttons) button.tabIndex = button === current ? 0 : -1;
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const step = stepOf(event);
    const at = this.buttons.findIndex((button) => button === targetOf(event));
    if (!step || step[0] === 0 || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = this.buttons[(at + step[0] + this.buttons.length) % this.buttons.length];
    this.rove(next);
    next.focus();
  }

  /**
   * @param {string} name
   * @param {boolean} isOn
   */
  press(name, isOn) {
    this.buttons.find((button) => button.dataset.do === name)?.setAttribute("aria-pressed", String(isOn));
  }

  /** @param {string} words for a screen reader */
  say(words) {
    this.status.textContent = words;
  }

  /** @param {string} words for everybody */
  explain(words) {
    this.note.textContent = words;
  }

  /** @param {string} name of a field */
  field(name) {
    return find(this.form, `[name=${name}]`, HTMLInputElement);
  }

  /** @param {readonly NamedWindow[]} choices */
  fillPresets(choices) {
    let ofFile = 0;
    /** @param {NamedWindow} choice */
    const nameOf = ({ kind, name }) => {
      if (kind !== "file") return this.words[kind];
      ofFile += 1;
      return name ? filled(this.words.named, { name }) : filled(this.words.file, { n: ofFile });
    };
    const options = choices.map((choice, n) => new Option(nameOf(choice), String(n)));
    const own = new Option(this.words.own, "-1");
    own.hidden = true;
    this.presets.replaceChildren(...options, own);
  }

  /**
   * @param {RadiographWindow} radiographWindow
   * @param {number} scale screen pixels for one pixel of the radiograph
   */
  show(radiographWindow, scale) {
    const parts = [percent(scale * devicePixelRatio)];
    const { centre, width, choice } = radiographWindow;
    if (centre !== null && width !== null) {
      const numbers = { centre: short(centre), width: short(width) };
      parts.push(filled(this.words.readout, { centre: decimal(numbers.centre, 6), width: decimal(numbers.width, 6) }));
      this.presets.value = String(choice);
      for (const [name, value] of Object.entries(numbers)) {
        const field = this.field(name);
        if (document.activeElement !== field) field.value = String(value);
      }
    }
    this.readout.textContent = parts.join(" · ");
  }
}

/** @param {number} value */
function short(value) {
  return Number(value.toPrecision(4));
}
