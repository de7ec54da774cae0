// The form of a reader's answer. The rows of numbers are the truth; each has a box over the picture that follows it, and
// that it follows. What was begun is kept in this tab until it is stored, so that a session that ends loses nothing.
import { Draft } from "../draft.js";
import { DrawnBoxes } from "./drawn_boxes.js";
import { AnswerSender } from "./send.js";
import { filled, wordsOf } from "../words.js";

const SIDES = ["x", "y", "width", "height"];
const words = wordsOf("feedback");

const field = (row, name) => row.querySelector(`[name=missed-${name}]`);
const placeOf = (row) => Object.fromEntries(SIDES.map((side) => [side, Number(field(row, side).value)]));
// A region as the page calls it, in its language.
const nameOf = (region) => words.regions[region] ?? region;
const isSame = (one, other) => SIDES.every((side) => Math.abs(one[side] - other[side]) < 0.05);
const isFilled = (row) => SIDES.every((side) => field(row, side).value !== "" && field(row, side).validity.valid);

class AnswerForm {
  constructor(form) {
    this.form = form;
    this.draft = new Draft(form.dataset.reader, form.dataset.feedback);
    this.list = form.querySelector("[data-missed]");
    this.template = form.querySelector("template[data-row]");
    this.button = form.querySelector("[data-draw]");
    this.radios = [...form.elements].filter((element) => element.type === "radio");
    const size = { width: Number(form.dataset.width), height: Number(form.dataset.height) };
    this.card = form.closest("[data-view-card]");
    this.frame = this.card.querySelector(".marked .frame");
    this.boxes = new DrawnBoxes(this.frame, size, words);
    this.sender = new AnswerSender(form, words);
    form.querySelector("[data-blank]").replaceChildren();
    this.shown = new Map();
    for (const row of this.list.children) this.watch(row);
    this.stored = this.read();
    this.restore();
    this.listen();
  }

  listen() {
    this.button.addEventListener("click", (event) => this.draw(event.detail === 0));
    this.frame.addEventListener("viewer-moved", (event) => this.boxes.setWorld(event.detail));
    this.frame.addEventListener("viewer-mode", () => this.disarm());
    for (const button of this.card.querySelectorAll("[data-adjust]")) {
      button.addEventListener("click", () => this.correct(button.closest(".answer")));
    }
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.confirmUnchanged();
      this.sender.send();
    });
    this.form.addEventListener("input", () => this.keep());
    for (const radio of this.radios) radio.addEventListener("change", () => this.keep());
    this.form.addEventListener("reset", () => {
      // After the browser has put its own fields back.
      setTimeout(() => {
        this.write(this.stored);
        this.draft.forget();
      });
    });
  }

  // Rows and their boxes

  // corrects: the value of the radio button that rejects the finding in whose place the row stands.
  addRow(place, corrects = "") {
    const row = this.template.content.firstElementChild.cloneNode(true);
    this.list.append(row);
    if (corrects) {
      row.dataset.corrects = corrects;
      const note = row.querySelector("[data-row-note]");
      Object.assign(note, { textContent: filled(words.corrects, { region: nameOf(found(corrects).region) }), hidden: false });
    }
    this.fill(row, place);
    this.watch(row);
    return row;
  }

  fill(row, place) {
    for (const side of SIDES) field(row, side).value = place[side];
  }

  watch(row) {
    for (const control of row.querySelectorAll("select, input")) control.required = true;
    const box = this.boxes.add(
      placeOf(row),
      (place) => {
        this.fill(row, place);
        this.keep();
      },
      () => this.remove(row),
    );
    this.shown.set(row, box);
    row.addEventListener("input", () => {
      if (isFilled(row)) box.moveTo(placeOf(row));
      this.nameBoxes();
    });
    row.querySelector("[data-remove]").addEventListener("click", () => this.remove(row));
    this.nameBoxes();
  }

  remove(row) {
    const rejecting = this.radios.find((radio) => radio.value === row.dataset.corrects);
    if (rejecting) rejecting.checked = false;
    this.drop(row);
    this.nameBoxes();
    this.keep();
    this.say(words.removed);
    this.button.focus({ preventScroll: true });
  }

  nameBoxes() {
    let missed = 0;
    for (const row of this.list.children) {
      const region = nameOf(field(row, "region").value);
      if (!row.dataset.corrects) missed += 1;
      const name = row.dataset.corrects ? filled(words.corrected, { region }) : filled(words.missed, { n: missed, region });
      this.shown.get(row)?.name(name.trim());
    }
    this.fadeReplaced();
  }

  fadeReplaced() {
    const replaced = new Set([...this.list.children].map((row) => row.dataset.corrects).filter(Boolean));
    for (const radio of this.radios.filter((one) => one.value.startsWith("rejected "))) {
      const row = radio.closest("[data-row]")?.dataset.row;
      for (const mark of this.frame.querySelectorAll(`.boxes [data-row="${row}"]`)) {
        mark.toggleAttribute("data-replaced", replaced.has(radio.value));
      }
    }
    document.dispatchEvent(new CustomEvent("boxes-changed"));
  }

  // Correcting a finding: it is rejected, and a row of the reader's own stands in its place.

  correct(answer) {
    showMarked();
    const rejecting = [...answer.querySelectorAll("input")].find((radio) => radio.value.startsWith("rejected "));
    let row = [...this.list.children].find((one) => one.dataset.corrects === rejecting.value);
    if (!row) {
      const { region, place } = found(rejecting.value);
      row = this.addRow(place, rejecting.value);
      field(row, "region").value = region;
      rejecting.checked = true;
      this.nameBoxes();
      this.keep();
    }
    this.say(words.adjust);
    this.frame.scrollIntoView({ block: "nearest" });
    this.shown.get(row).focus();
  }

  // Whoever moves nothing and keeps the region agrees with what was found.
  confirmUnchanged() {
    for (const row of [...this.list.children]) {
      const { corrects } = row.dataset;
      if (!corrects) continue;
      const { region, place } = found(corrects);
      if (field(row, "region").value !== region || !isSame(this.boxes.fit(place), placeOf(row))) continue;
      this.drop(row);
      const confirming = corrects.replace("rejected", "confirmed");
      for (const radio of this.radios) if (radio.value === confirming) radio.checked = true;
    }
  }

  drop(row) {
    this.shown.get(row).remove();
    this.shown.delete(row);
    row.remove();
  }

  // Drawing

  draw(byKeyboard) {
    showMarked();
    if (byKeyboard) {
      const row = this.addRow(this.boxes.middle());
      this.keep();
      this.say(words.middle);
      this.shown.get(row).focus();
      return;
    }
    if (this.button.getAttribute("aria-pressed") === "true") {
      this.disarm();
      return;
    }
    this.button.setAttribute("aria-pressed", "true");
    this.frame.dispatchEvent(new CustomEvent("draw-armed"));
    this.boxes.layer.scrollIntoView({ block: "nearest" });
    this.boxes.arm((place) => {
      this.button.setAttribute("aria-pressed", "false");
      if (!place) return;
      const row = this.addRow(place);
      this.keep();
      this.say(words.drawn);
      field(row, "region").focus({ preventScroll: true });
    });
  }

  disarm() {
    this.boxes.disarm();
    this.button.setAttribute("aria-pressed", "false");
  }

  say(text) {
    this.form.querySelector("[data-say]").textContent = text;
  }

  // What was begun

  read() {
    return {
      answers: this.radios.filter((radio) => radio.checked).map((radio) => radio.value),
      missed: [...this.list.children].map((row) => ({
        region: field(row, "region").value,
        corrects: row.dataset.corrects ?? "",
        ...placeOf(row),
      })),
      normal: this.form.elements.normal.checked,
      comment: this.form.elements.comment.value,
    };
  }

  write(state) {
    for (const radio of this.radios) radio.checked = state.answers.includes(radio.value);
    for (const row of [...this.list.children]) this.drop(row);
    for (const { region, corrects, ...place } of state.missed) {
      field(this.addRow(place, corrects), "region").value = region;
    }
    this.form.elements.normal.checked = state.normal;
    this.form.elements.comment.value = state.comment;
    this.nameBoxes();
  }

  keep() {
    this.checkNormal();
    this.draft.keep(JSON.stringify(this.read()));
  }

  restore() {
    if ("stored" in this.form.dataset) this.draft.forget();
    const draft = this.draft.text;
    if (draft === null) return;
    this.write(JSON.parse(draft));
    if (draft !== JSON.stringify(this.stored)) this.say(words.restored);
  }

  checkNormal() {
    const { answers, missed, normal } = this.read();
    const clashes = normal && (missed.length > 0 || answers.some((value) => value.startsWith("confirmed ")));
    this.form.elements.normal.setCustomValidity(clashes ? words.clash : "");
  }
}

// The finding that the value of a radio button names: "rejected X1 Y1 X2 Y2 REGION".
function found(value) {
  const [, ...parts] = value.split(" ");
  const [x, y, right, bottom] = parts.slice(0, 4).map(Number);
  return { region: parts.slice(4).join(" "), place: { x, y, width: right - x, height: bottom - y } };
}

// The boxes stand on the marked picture, which the toolbar may have hidden.
function showMarked() {
  const chosen = document.querySelector("[data-toolbar] [name=view]:checked");
  if (chosen?.value === "original") document.querySelector("[data-toolbar] [value=marked]").click();
}

for (const form of document.querySelectorAll("[data-feedback]")) new AnswerForm(form);
// A page that comes back out of the browser's memory may be about a study that is gone.
addEventListener("pageshow", async ({ persisted }) => {
  if (!persisted) return;
  const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" }).catch(() => null);
  const alert = document.querySelector("[data-page-alert]");
  if (answer?.status === 404) Object.assign(alert, { textContent: words.gone, hidden: false });
});
