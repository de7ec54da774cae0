// The bar of tools under a picture: its buttons, the list of windows, the numbers, and what it says.
import { decimal, filled, percent } from "../words.js";

const ARROWS = { ArrowLeft: -1, ArrowRight: 1 };

export class Tools {
  // act(name): does what a button is for.
  constructor(card, words, act) {
    Object.assign(this, { card, words });
    this.element = card.querySelector("[data-tools]");
    this.buttons = [...this.element.querySelectorAll("[data-do]")];
    this.presets = this.element.querySelector("[data-presets]");
    this.form = card.querySelector("[data-window-form]");
    this.readout = this.element.querySelector("[data-readout]");
    this.note = this.element.querySelector("[data-note]");
    this.status = this.element.querySelector("[data-viewer-says]");
    for (const button of this.buttons) button.addEventListener("click", (event) => act(button.dataset.do, event.detail === 0));
    this.rove(this.buttons[0]);
    this.element.querySelector("[role=toolbar]").addEventListener("keydown", (event) => this.walk(event));
  }

  // One stop for the Tab key; arrow keys go on from there.
  rove(current) {
    for (const button of this.buttons) button.tabIndex = button === current ? 0 : -1;
  }

  walk(event) {
    const by = ARROWS[event.key];
    const at = this.buttons.indexOf(event.target);
    if (!by || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = this.buttons.at((at + by) % this.buttons.length);
    this.rove(next);
    next.focus();
  }

  press(name, isOn) {
    this.buttons.find((button) => button.dataset.do === name).setAttribute("aria-pressed", String(isOn));
  }

  say(words) {
    this.status.textContent = words;
  }

  explain(words) {
    this.note.textContent = words;
  }

  fillPresets(choices) {
    const names = this.words;
    let ofFile = 0;
    const nameOf = ({ kind, name }) => {
      if (kind === "file") ofFile += 1;
      if (kind === "file") return name ? filled(names.named, { name }) : filled(names.file, { n: ofFile });
      return names[kind];
    };
    const options = choices.map((choice, n) => new Option(nameOf(choice), String(n)));
    const own = new Option(names.own, "-1");
    own.hidden = true;
    this.presets.replaceChildren(...options, own);
  }

  show(radiographWindow, scale) {
    const parts = [percent(scale * devicePixelRatio)];
    const { centre, width, choice } = radiographWindow;
    if (centre !== null) {
      const numbers = { centre: short(centre), width: short(width) };
      parts.push(filled(this.words.readout, { centre: decimal(numbers.centre, 6), width: decimal(numbers.width, 6) }));
      this.presets.value = String(choice);
      for (const [name, value] of Object.entries(numbers)) {
        const field = this.form.elements[name];
        if (document.activeElement !== field) field.value = value;
      }
    }
    this.readout.textContent = parts.join(" · ");
  }
}

function short(value) {
  return String(Number(value.toPrecision(4)));
}
