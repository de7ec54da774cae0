// The form of a reader's answer to one view. What was begun is kept in this tab until it is stored, so that a session that
// ends loses nothing.
import { find, findAll } from "../dom.js";
import { Draft } from "../draft.js";
import { fit, isSame } from "../geometry.js";
import { wordsOf } from "../words.js";
import { DrawnBoxes } from "./drawn_boxes.js";
import { findingOf } from "./finding.js";
import { MissedRows, correctsOf, rectOf } from "./missed_rows.js";
import { AnswerSender } from "./send.js";

/** @typedef {import("./missed_rows.js").Missed} Missed */
/** @typedef {{answers: string[], missed: Missed[], normal: boolean, comment: string}} State */
/** @typedef {"confirmed" | "rejected"} Answer */

/**
 * @param {HTMLElement} row of a finding
 * @param {Answer} answer
 */
const radioOf = (row, answer) => find(row, `input[value^="${answer} "]`, HTMLInputElement);

export class AnswerForm {
  /**
   * @param {HTMLFormElement} form
   * @param {import("./missed_rows.js").FeedbackWords} words
   */
  constructor(form, words) {
    this.form = form;
    this.words = words;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.draft = new Draft(form.dataset.reader ?? "", form.dataset.feedback ?? "");
    this.button = find(form, "[data-draw]");
    this.normal = find(form, "[name=normal]", HTMLInputElement);
    this.comment = find(form, "[name=comment]", HTMLTextAreaElement);
    this.card = /** @type {HTMLElement} */ (form.closest("[data-view-card]"));
    this.findings = findAll(this.card, "table.findings tbody tr");
    this.radios = findAll(this.card, ".answer input[type=radio]", HTMLInputElement);
    this.frame = find(this.card, ".marked .frame");
    this.size = { width: Number(form.dataset.width), height: Number(form.dataset.height) };
    this.boxes = new DrawnBoxes(this.frame, this.size, words);
    this.rows = new MissedRows(form, this.boxes, words, {
      changed: () => this.keep(),
      removed: (corrects) => this.removed(corrects),
    });
    this.sender = new AnswerSender(form, words);
    this.stored = this.state;
    this.restore();
    this.listen();
  }

  listen() {
    this.button.addEventListener("click", (event) => this.draw(event.detail === 0));
    this.frame.addEventListener("viewer-moved", (event) => {
      this.boxes.setWorld(/** @type {CustomEvent<DOMMatrix>} */ (event).detail);
    });
    this.frame.addEventListener("viewer-mode", () => this.disarm());
    for (const button of findAll(this.card, "[data-adjust]")) {
      button.addEventListener("click", () => this.correct(/** @type {HTMLElement} */ (button.closest("tr"))));
    }
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.store().then((isStored) => isStored && this.reload());
    });
    this.form.addEventListener("input", () => this.keep());
    for (const radio of this.radios) radio.addEventListener("change", () => this.changed(radio));
    // After the browser has put its own fields back.
    this.form.addEventListener("reset", () => setTimeout(() => {
      this.state = this.stored;
      this.draft.forget();
      this.tell();
    }));
  }

  /** @param {() => void} listener is told after every change */
  onChange(listener) {
    this.listeners.add(listener);
  }

  tell() {
    for (const listener of this.listeners) listener();
  }

  // Deciding on findings

  /** @param {HTMLElement} row */
  isAnswered(row) {
    return radioOf(row, "confirmed").checked || radioOf(row, "rejected").checked;
  }

  /**
   * @param {HTMLElement} row
   * @param {Answer} answer
   */
  answer(row, answer) {
    radioOf(row, answer).checked = true;
    this.changed(radioOf(row, answer));
  }

  /** @param {HTMLInputElement} radio */
  changed(radio) {
    // A fracture contradicts "normal".
    if (radio.value.startsWith("confirmed ")) this.normal.checked = false;
    this.keep();
  }

  /** Reject every finding and call the view normal, in one step. */
  callNormal() {
    for (const row of this.findings) radioOf(row, "rejected").checked = true;
    this.normal.checked = true;
    this.keep();
  }

  get hasChanges() {
    return JSON.stringify(this.state) !== JSON.stringify(this.stored);
  }

  /** Store the answer; whether it is stored. */
  async store() {
    if (!this.form.reportValidity()) return false;
    this.confirmUnchanged();
    if (!(await this.sender.send())) return false;
    this.stored = this.state;
    this.draft.forget();
    this.tell();
    return true;
  }

  reload() {
    history.replaceState(history.state, "", `#feedback-${this.form.dataset.feedback}`);
    location.reload();
  }

  // Correcting a finding: it is rejected, and a row of the reader's own stands in its stead.

  /** @param {HTMLElement} finding row of the table */
  correct(finding) {
    document.dispatchEvent(new CustomEvent("marked-wanted"));
    const rejecting = radioOf(finding, "rejected");
    let row = this.rows.all.find((one) => correctsOf(one) === rejecting.value);
    if (!row) {
      const { region, box } = findingOf(rejecting.value);
      row = this.rows.add({ region, other: "", corrects: rejecting.value, rect: box });
      rejecting.checked = true;
      this.keep();
    }
    this.say(this.words.adjust);
    this.frame.scrollIntoView({ block: "nearest" });
    this.rows.focusBox(row);
  }

  /** @param {string} corrects */
  removed(corrects) {
    for (const radio of this.radios) if (radio.value === corrects) radio.checked = false;
    this.keep();
    this.say(this.words.removed);
    this.button.focus({ preventScroll: true });
  }

  /** Confirm a finding whose box and region a correction left as they were. */
  confirmUnchanged() {
    for (const row of this.rows.all) {
      const corrects = correctsOf(row);
      if (!corrects) continue;
      const { region, box } = findingOf(corrects);
      const isKept = find(row, "[name=missed-region]", HTMLSelectElement).value === region;
      if (!isKept || !isSame(fit(box, this.size), rectOf(row))) continue;
      this.rows.drop(row);
      const confirming = corrects.replace("rejected", "confirmed");
      for (const radio of this.radios) if (radio.value === confirming) radio.checked = true;
    }
  }

  /** Fade the boxes that the reader has drawn anew. */
  fadeReplaced() {
    const replaced = new Set(this.rows.all.map(correctsOf));
    for (const row of this.findings) {
      const isReplaced = replaced.has(radioOf(row, "rejected").value);
      for (const mark of this.frame.querySelectorAll(`.boxes [data-row="${row.dataset.row}"]`)) {
        mark.toggleAttribute("data-replaced", isReplaced);
      }
    }
    document.dispatchEvent(new CustomEvent("boxes-changed"));
  }

  // Drawing

  /** @param {boolean} byKeyboard */
  draw(byKeyboard) {
    document.dispatchEvent(new CustomEvent("marked-wanted"));
    if (byKeyboard) {
      this.rows.focusBox(this.addMissed(this.boxes.middle(), this.words.middle));
      return;
    }
    if (this.button.getAttribute("aria-pressed") === "true") {
      this.disarm();
      return;
    }
    this.button.setAttribute("aria-pressed", "true");
    this.frame.dispatchEvent(new CustomEvent("draw-armed"));
    this.boxes.layer.scrollIntoView({ block: "nearest" });
    this.boxes.arm((rect) => {
      this.button.setAttribute("aria-pressed", "false");
      if (rect) this.rows.focusRegion(this.addMissed(rect, this.words.drawn));
    });
  }

  /**
   * Add a row with the region that is likely here: that of the surest finding.
   * @param {import("../geometry.js").Rect} rect
   * @param {string} words
   */
  addMissed(rect, words) {
    const row = this.rows.add({ region: this.form.dataset.region ?? "", other: "", corrects: "", rect });
    this.normal.checked = false;
    this.keep();
    this.say(words);
    return row;
  }

  disarm() {
    this.boxes.disarm();
    this.button.setAttribute("aria-pressed", "false");
  }

  /** @param {string} text */
  say(text) {
    find(this.form, "[data-say]").textContent = text;
  }

  // What was begun

  /** @returns {State} */
  get state() {
    return {
      answers: this.radios.filter((radio) => radio.checked).map((radio) => radio.value),
      missed: this.rows.values,
      normal: this.normal.checked,
      comment: this.comment.value,
    };
  }

  set state(state) {
    for (const radio of this.radios) radio.checked = state.answers.includes(radio.value);
    for (const row of this.rows.all) this.rows.drop(row);
    for (const missed of state.missed) this.rows.add(missed);
    this.normal.checked = state.normal;
    this.comment.value = state.comment;
    this.fadeReplaced();
  }

  keep() {
    this.fadeReplaced();
    this.checkNormal();
    this.draft.keep(JSON.stringify(this.state));
    this.tell();
  }

  restore() {
    if ("stored" in this.form.dataset) this.draft.forget();
    this.fadeReplaced();
    const draft = this.draft.text;
    if (draft === null || draft === JSON.stringify(this.stored)) return;
    this.state = JSON.parse(draft);
    this.say(this.words.restored);
  }

  checkNormal() {
    const { answers, missed, normal } = this.state;
    const clashes = normal && (missed.length > 0 || answers.some((value) => value.startsWith("confirmed ")));
    this.normal.setCustomValidity(clashes ? this.words.clash : "");
  }
}

/** Install the answer form of every view. */
export function installForms() {
  const words = /** @type {import("./missed_rows.js").FeedbackWords} */ (wordsOf("feedback"));
  // A page that comes back out of the browser's memory may be about a study that is gone.
  addEventListener("pageshow", async ({ persisted }) => {
    if (!persisted) return;
    const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" }).catch(() => null);
    if (answer?.status !== 404) return;
    Object.assign(find(document, "[data-page-alert]"), { textContent: words.gone, hidden: false });
  });
  return findAll(document, "[data-feedback]", HTMLFormElement).map((form) => new AnswerForm(form, words));
}
