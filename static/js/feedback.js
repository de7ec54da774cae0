// The form of a reader's answer. The rows of numbers are the truth; each has a box over the picture that follows it, and
// that it follows. What was begun is kept in this tab until it is stored, so that a session that ends loses nothing.
import { DrawnBoxes } from "./drawn_boxes.js";

const SIDES = ["x", "y", "width", "height"];
const DRAFT = "answer/";

// Null where a browser forbids storage: nothing is kept then.
const tab = (() => {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
})();

const field = (row, name) => row.querySelector(`[name=missed-${name}]`);
const placeOf = (row) => Object.fromEntries(SIDES.map((side) => [side, Number(field(row, side).value)]));
const isFilled = (row) => SIDES.every((side) => field(row, side).value !== "" && field(row, side).validity.valid);

class AnswerForm {
  constructor(form) {
    this.form = form;
    this.key = `${DRAFT}${form.dataset.reader}/${form.dataset.feedback}`;
    this.list = form.querySelector("[data-missed]");
    this.template = form.querySelector("template[data-row]");
    this.button = form.querySelector("[data-draw]");
    this.radios = [...form.elements].filter((element) => element.type === "radio");
    const size = { width: Number(form.dataset.width), height: Number(form.dataset.height) };
    this.boxes = new DrawnBoxes(form.closest("[data-view-card]").querySelector(".marked .frame"), size);
    form.querySelector("[data-blank]").replaceChildren();
    this.shown = new Map();
    for (const row of this.list.children) this.watch(row);
    this.stored = this.read();
    this.restore();
    this.listen();
  }

  listen() {
    this.button.addEventListener("click", (event) => this.draw(event.detail === 0));
    this.form.addEventListener("input", () => this.keep());
    for (const radio of this.radios) radio.addEventListener("change", () => this.keep());
    this.form.addEventListener("reset", () => {
      // After the browser has put its own fields back.
      setTimeout(() => {
        this.write(this.stored);
        tab?.removeItem(this.key);
      });
    });
  }

  // Rows and their boxes

  addRow(place) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    this.list.append(row);
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
    this.shown.get(row).remove();
    this.shown.delete(row);
    row.remove();
    this.nameBoxes();
    this.keep();
    this.say("The box is removed.");
    this.button.focus({ preventScroll: true });
  }

  nameBoxes() {
    [...this.list.children].forEach((row, n) => this.shown.get(row)?.name(`Missed ${n + 1} ${field(row, "region").value}`.trim()));
  }

  // Drawing

  draw(byKeyboard) {
    showMarked();
    if (byKeyboard) {
      const row = this.addRow(this.boxes.middle());
      this.keep();
      this.say("A box stands in the middle of the picture. Arrow keys move it, with Shift they resize it.");
      this.shown.get(row).focus();
      return;
    }
    const isOn = this.button.getAttribute("aria-pressed") === "true";
    this.button.setAttribute("aria-pressed", String(!isOn));
    if (isOn) {
      this.boxes.disarm();
      return;
    }
    this.boxes.layer.scrollIntoView({ block: "nearest" });
    this.boxes.arm((place) => {
      this.button.setAttribute("aria-pressed", "false");
      if (!place) return;
      const row = this.addRow(place);
      this.keep();
      this.say("A box was drawn. Choose its region.");
      field(row, "region").focus({ preventScroll: true });
    });
  }

  say(words) {
    this.form.querySelector("[data-say]").textContent = words;
  }

  // What was begun

  read() {
    return {
      answers: this.radios.filter((radio) => radio.checked).map((radio) => radio.value),
      missed: [...this.list.children].map((row) => ({ region: field(row, "region").value, ...placeOf(row) })),
      normal: this.form.elements.normal.checked,
      comment: this.form.elements.comment.value,
    };
  }

  write(state) {
    for (const radio of this.radios) radio.checked = state.answers.includes(radio.value);
    for (const row of [...this.list.children]) {
      this.shown.get(row).remove();
      this.shown.delete(row);
      row.remove();
    }
    for (const { region, ...place } of state.missed) {
      field(this.addRow(place), "region").value = region;
    }
    this.form.elements.normal.checked = state.normal;
    this.form.elements.comment.value = state.comment;
    this.nameBoxes();
  }

  keep() {
    this.checkNormal();
    tab?.setItem(this.key, JSON.stringify(this.read()));
  }

  restore() {
    if ("stored" in this.form.dataset) tab?.removeItem(this.key);
    const draft = tab?.getItem(this.key) ?? null;
    if (draft === null) return;
    this.write(JSON.parse(draft));
    if (draft !== JSON.stringify(this.stored)) this.say("What you had begun is here again. It is not stored yet.");
  }

  checkNormal() {
    const { answers, missed, normal } = this.read();
    const clashes = normal && (missed.length > 0 || answers.some((value) => value.startsWith("confirmed ")));
    this.form.elements.normal.setCustomValidity(clashes ? "An image with a confirmed or missed fracture is not normal." : "");
  }
}

// The boxes stand on the marked picture, which the toolbar may have hidden.
function showMarked() {
  const chosen = document.querySelector("[data-toolbar] [name=view]:checked");
  if (chosen?.value === "original") document.querySelector("[data-toolbar] [value=marked]").click();
}

function forgetDrafts() {
  for (const key of Object.keys(tab ?? {})) if (key.startsWith(DRAFT)) tab.removeItem(key);
}

for (const form of document.querySelectorAll("[data-feedback]")) new AnswerForm(form);
// Who signs out leaves nothing in this tab; a session that ends by itself does not come by here.
document.querySelector("form[action$='/sign-out']")?.addEventListener("submit", forgetDrafts);
