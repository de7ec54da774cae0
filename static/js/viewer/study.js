// What a study's page says and keeps beside its viewer: original, marked or side by side; boxes below a confidence hidden; what
// was refused on the way here; what was written for the report.
import { find, findAll } from "../dom.js";
import { Draft } from "../draft.js";
import { keepSetting, setting, tab } from "../stored.js";
import { filled, percent, wordsOf } from "../words.js";

const LEAST = "least-confidence";

/** @param {HTMLElement} toolbar */
export function installToolbar(toolbar) {
  const words = wordsOf("study");
  const least = find(toolbar, "[data-least]", HTMLInputElement);
  const name = `${LEAST}/${toolbar.dataset.reader}`;
  const hide = () => hideBelow(toolbar, Number(least.value), words);
  toolbar.addEventListener("submit", (event) => event.preventDefault());
  for (const choice of findAll(toolbar, "[name=view]", HTMLInputElement)) {
    choice.addEventListener("change", () => { document.documentElement.dataset.view = choice.value; });
  }
  least.value = setting(name) ?? least.value;
  least.addEventListener("input", hide);
  least.addEventListener("change", () => keepSetting(name, least.value === "0" ? null : least.value));
  hide();
}

/** Elements of every kind that belong to a finding. */
const confident = () => [...document.querySelectorAll("[data-confidence]")];

/**
 * @param {HTMLElement} toolbar
 * @param {number} least percent
 * @param {import("../words.js").Words} words
 */
function hideBelow(toolbar, least, words) {
  find(toolbar, "[data-least-text]").textContent = percent(least / 100);
  find(toolbar, "[data-least]").setAttribute("aria-valuetext", filled(words.percent, { n: least }));
  for (const element of confident()) {
    const confidence = Number(element.getAttribute("data-confidence"));
    element.toggleAttribute("data-hidden", Math.round(confidence * 100) < least);
  }
  const rows = confident().filter((element) => element instanceof HTMLTableRowElement);
  const shown = rows.filter((row) => !row.hasAttribute("data-hidden")).length;
  const text = rows.length > 0 ? filled(words.shown, { n: shown, all: rows.length }) : words.nothing;
  find(toolbar, "[data-shown]").textContent = text;
  document.dispatchEvent(new CustomEvent("boxes-changed"));
}

/** Light up the box of a row and the row of a box. */
export function installLights() {
  for (const element of confident()) {
    const row = element.getAttribute("data-row");
    const parts = findAll(document, `[data-row="${row}"]`, Element);
    for (const [kind, isLit] of /** @type {const} */ ([["pointerenter", true], ["pointerleave", false]])) {
      element.addEventListener(kind, () => parts.forEach((part) => part.classList.toggle("lit", isLit)));
    }
  }
}

/** Tell of files that were refused while this study was made; the tab alone kept them. */
export function tellRefused() {
  const name = `rejected-${location.pathname.split("/").at(-1)}`;
  /** @type {{name: string, message: string}[]} */
  const refused = JSON.parse(tab?.getItem(name) ?? "[]");
  tab?.removeItem(name);
  if (refused.length === 0) return;
  const alert = find(document, "[data-rejected]");
  for (const one of refused) {
    const line = document.createElement("li");
    const file = document.createElement("b");
    file.textContent = one.name;
    line.append(file, `: ${one.message}`);
    find(alert, "ul").append(line);
  }
  alert.hidden = false;
}

/**
 * Keep what is written for the report in the tab, as the server keeps it nowhere.
 * @param {HTMLTextAreaElement} statement
 */
export function keepStatement(statement) {
  const draft = new Draft(statement.dataset.reader ?? "", `report/${location.pathname}`);
  // A person may have been quicker than this script.
  if (statement.value) draft.keep(statement.value);
  else statement.value = draft.text ?? "";
  statement.addEventListener("input", () => draft.keep(statement.value));
}
