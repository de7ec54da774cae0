// Deciding with single keys: one finding after another in the order of the strip, then everything stored, and on to the next
// study. Keys work on the finding that has the focus, else on the current one.
import { find, findAll, isTaken, targetOf } from "../dom.js";
import { areEverywhere } from "../viewer/keys.js";
import { showMarked } from "../viewer/viewer.js";
import { filled, wordsOf } from "../words.js";
import { nextOpen } from "./finding.js";

/** @typedef {import("./form.js").AnswerForm} AnswerForm */
/** @typedef {import("../viewer/strip.js").Strip} Strip */
/** @typedef {{form: AnswerForm, row: HTMLElement}} Item */

class Deciding {
  /**
   * @param {HTMLElement} bar
   * @param {Strip} strip
   * @param {AnswerForm[]} forms
   */
  constructor(bar, strip, forms) {
    this.bar = bar;
    this.strip = strip;
    this.words = wordsOf("decide");
    this.forms = strip.order.flatMap((card) => forms.filter((form) => form.card === card));
    /** @type {Item[]} */
    this.items = this.forms.flatMap((form) => form.findings.map((row) => ({ form, row })));
    /** @type {{form: AnswerForm, state: import("./form.js").State, at: number}[]} */
    this.done = [];
    this.undoButton = find(bar, "[data-undo]", HTMLButtonElement);
    this.storeButton = find(bar, "[data-store-all]", HTMLButtonElement);
    this.isBusy = false;
    this.at = -1;
    this.listen();
    this.setAt(nextOpen(this.items.map(({ form, row }) => form.isAnswered(row)), -1));
    this.show();
  }

  listen() {
    this.undoButton.addEventListener("click", () => this.undo());
    this.storeButton.addEventListener("click", () => this.store());
    const storeNext = find(this.bar, "[data-store-next]", HTMLButtonElement);
    storeNext.addEventListener("click", () => this.storeAndNext());
    // A click before this script has run would be lost.
    storeNext.disabled = false;
    for (const form of this.forms) {
      form.onChange(() => this.show());
      for (const button of findAll(form.card, "[data-all-normal]")) button.addEventListener("click", () => this.callNormal(form));
    }
    this.items.forEach(({ row }, n) => row.addEventListener("focusin", () => this.setAt(n)));
    document.addEventListener("keydown", (event) => {
      const isInFinding = targetOf(event).closest("table.findings, [data-decide]") !== null;
      if (isTaken(event) || !(isInFinding || areEverywhere())) return;
      if (this.press(event.key)) event.preventDefault();
    });
    document.addEventListener("marked-wanted", showMarked);
  }

  /** @param {string} key */
  press(key) {
    /** @type {Record<string, () => void>} */
    const acts = {
      c: () => this.decide("confirmed"),
      j: () => this.decide("rejected"),
      o: () => this.callNormal(this.formShown),
      z: () => this.undo(),
      t: () => this.store(),
      e: () => this.storeAndNext(),
    };
    if (!Object.hasOwn(acts, key)) return false;
    acts[key]();
    return true;
  }

  get formShown() {
    return this.forms.find(({ card }) => card === this.strip.shown) ?? this.forms[0];
  }

  // Findings

  /** @param {number} n */
  setAt(n) {
    this.items[this.at]?.row.removeAttribute("aria-current");
    this.at = n;
    this.items[n]?.row.setAttribute("aria-current", "true");
  }

  /** @param {import("./form.js").Answer} answer */
  decide(answer) {
    const item = this.items[this.at] ?? this.items.find(({ form }) => form === this.formShown);
    if (!item) return;
    if (item.form.card !== this.strip.shown) this.strip.show(item.form.card);
    this.remember(item.form);
    item.form.answer(item.row, answer);
    const name = (item.row.querySelector("th")?.textContent ?? "").trim();
    this.advance(filled(answer === "confirmed" ? this.words.confirmed : this.words.rejected, { name }));
  }

  /** @param {AnswerForm} form */
  callNormal(form) {
    this.remember(form);
    form.callNormal();
    this.advance(this.words.normal);
  }

  /**
   * Go to the next finding without an answer, of this view or of the next one that has some.
   * @param {string} words what was done
   */
  advance(words) {
    const next = nextOpen(this.items.map(({ form, row }) => form.isAnswered(row)), this.at);
    const isInTable = document.activeElement?.closest("table.findings") !== null;
    this.setAt(next);
    const item = this.items[next];
    if (!item) {
      this.say(`${words} ${this.words.all}`);
      return;
    }
    if (item.form.card !== this.strip.shown) this.strip.show(item.form.card);
    item.row.scrollIntoView({ block: "nearest" });
    if (isInTable) find(item.row, "[data-goto]").focus({ preventScroll: true });
    this.say(words);
  }

  // Undo

  /** @param {AnswerForm} form */
  remember(form) {
    this.done.push({ form, state: form.state, at: this.at });
  }

  undo() {
    const last = this.done.pop();
    if (!last) return;
    last.form.state = last.state;
    last.form.keep();
    this.setAt(last.at);
    if (last.form.card !== this.strip.shown) this.strip.show(last.form.card);
    this.say(this.words.undone);
  }

  // Storing

  /** Store every answer that was changed; whether all of them are stored. */
  async storeAll() {
    if (this.isBusy) return false;
    this.isBusy = true;
    this.say(this.words.storing);
    let isStored = true;
    for (const form of this.forms.filter(({ hasChanges }) => hasChanges)) {
      if (form.card !== this.strip.shown) this.strip.show(form.card);
      isStored = await form.store();
      if (!isStored) break;
    }
    this.isBusy = false;
    this.say(isStored ? this.words.stored : this.words.failed);
    return isStored;
  }

  async store() {
    const form = this.formShown;
    if (!this.forms.some(({ hasChanges }) => hasChanges)) return;
    if (await this.storeAll()) form.reload();
  }

  /** Store, mark the study as read, and go on to the next one on the list. */
  async storeAndNext() {
    if (!(await this.storeAll())) return;
    const button = document.querySelector("[data-read-next]");
    if (button instanceof HTMLButtonElement) button.form?.requestSubmit(button);
    else find(document, "[data-next-study]").click();
  }

  show() {
    const changed = this.forms.filter(({ hasChanges }) => hasChanges).length;
    this.undoButton.disabled = this.done.length === 0;
    this.storeButton.setAttribute("aria-disabled", String(changed === 0));
    find(this.bar, "[data-unsaved]").textContent = changed > 0 ? this.words.unsaved : "";
  }

  /** @param {string} text */
  say(text) {
    find(this.bar, "[data-decide-say]").textContent = text;
    this.show();
  }
}

/**
 * @param {Strip} strip
 * @param {AnswerForm[]} forms
 */
export function installDeciding(strip, forms) {
  const bar = document.querySelector("[data-decide]");
  if (bar instanceof HTMLElement && forms.length > 0) return new Deciding(bar, strip, forms);
  return null;
}
