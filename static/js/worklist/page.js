// The worklist: new studies appear by themselves, keys move from study to study, and a row is clicked as a whole. All of it
// works without this script, by reloading and tabbing.
import { find, findAll, isTaken, targetOf } from "../dom.js";
import { keepSetting, setting } from "../stored.js";
import { filled, wordsOf } from "../words.js";

/** @typedef {{study: string, isTick: boolean, at: number, top: number}} RowFocus */
/** @typedef {{control: number}} ControlFocus */

const ASK_EVERY_MS = 5000;
const KEYS_OFF = "single-keys-off";
const PARTS = "tr[data-study], .pager, .alert, .notice, .empty";
const CONTROLS = "button, [data-all], [tabindex], .pager a";
const words = wordsOf("worklist");
const list = find(document, "[data-live]");
const dialog = find(document, "[data-keys]", HTMLDialogElement);

/** @param {string} text */
const say = (text) => {
  find(document, "[data-say]").textContent = text;
};
const rows = () => findAll(list, "tr[data-study]", HTMLTableRowElement);
/** @param {HTMLElement} row */
const tickOf = (row) => find(row, "input[name=study]", HTMLInputElement);
const ticked = () => rows().map(tickOf).filter((tick) => tick.checked);
/** @returns {HTMLTableRowElement | null} */
const rowInFocus = () => document.activeElement?.closest("tr[data-study]") ?? null;

// Ticks

function showTicks() {
  const all = list.querySelector("[data-all]");
  if (!(all instanceof HTMLInputElement)) return;
  const count = ticked().length;
  all.checked = count > 0 && count === rows().length;
  all.indeterminate = count > 0 && !all.checked;
  find(list, "[data-count]").textContent = count > 0 ? filled(words.ticked, { count }) : "";
}

list.addEventListener("change", ({ target }) => {
  if (target instanceof HTMLInputElement && "all" in target.dataset) {
    for (const row of rows()) tickOf(row).checked = target.checked;
  }
  showTicks();
});

// A row is its link, but for what can be worked with in it and for text that is selected.
list.addEventListener("click", (event) => {
  const target = targetOf(event);
  const link = target.closest("tr[data-study]")?.querySelector("th a");
  if (!link || target.closest("a, button, input, label") || String(getSelection())) return;
  link.dispatchEvent(new MouseEvent("click", event));
});

// New studies, and what others did to those that are here

let isAsking = false;
let isLost = false;
let shown = contentOf(list);

async function ask() {
  if (document.hidden || isAsking) return;
  isAsking = true;
  try {
    const answer = await fetch(list.dataset.changesUrl ?? "", { headers: { Accept: "application/json" } });
    if (answer.redirected) return end();
    if (!answer.ok) throw new Error(String(answer.status));
    const { version } = await answer.json();
    if (String(version) !== list.dataset.version) await update();
    if (isLost) say("");
    isLost = false;
  } catch {
    if (!isLost) say(words.lost);
    isLost = true;
  } finally {
    isAsking = false;
  }
}

function end() {
  clearInterval(timer);
  say(words.ended);
}

async function update() {
  const answer = await fetch(location.href);
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const newer = find(page, "[data-live]");
  const before = { ids: idsOf(list), ticks: ticked().map((tick) => tick.value), focus: focusOf() };
  const isChanged = contentOf(newer) !== shown;
  list.dataset.version = newer.dataset.version ?? "";
  replaceTabs(page);
  if (!isChanged) return;
  shown = contentOf(newer);
  list.replaceChildren(...newer.childNodes);
  restore(before.ids, before.ticks, before.focus);
}

/**
 * Take the counts of the tabs from a newer page.
 * @param {Document} page
 */
function replaceTabs(page) {
  const [here, there] = [findAll(document, "[data-tab-count]"), findAll(page, "[data-tab-count]")];
  here.forEach((count, n) => { count.textContent = there[n]?.textContent ?? ""; });
}

/** @param {ParentNode} part */
function idsOf(part) {
  return findAll(part, "tr[data-study]").map((row) => row.dataset.study ?? "");
}

/**
 * What the server wrote, without the tokens of forms, which differ from answer to answer.
 * @param {ParentNode} part
 */
function contentOf(part) {
  return [...part.querySelectorAll(PARTS)].map((one) => one.innerHTML).join("\n");
}

/** @returns {RowFocus | ControlFocus} */
function focusOf() {
  const row = rowInFocus();
  const element = document.activeElement;
  if (!row) return { control: [...list.querySelectorAll(CONTROLS)].findIndex((control) => control === element) };
  const { top } = row.getBoundingClientRect();
  return { study: row.dataset.study ?? "", isTick: element === tickOf(row), at: rows().indexOf(row), top };
}

/**
 * @param {readonly string[]} ids
 * @param {readonly string[]} ticks
 * @param {RowFocus | ControlFocus} focus
 */
function restore(ids, ticks, focus) {
  for (const row of rows()) tickOf(row).checked = ticks.includes(row.dataset.study ?? "");
  showTicks();
  refocus(focus);
  const now = idsOf(list);
  const arrived = now.filter((id) => !ids.includes(id)).length;
  const left = ticks.filter((id) => !now.includes(id)).length;
  const said = [arrived > 0 ? filled(words.arrived, { count: arrived }) : words.updated];
  if (left > 0) said.push(filled(words.left, { count: left }));
  say(said.join(" "));
}

/** @param {RowFocus | ControlFocus} focus */
function refocus(focus) {
  if ("control" in focus) {
    const control = list.querySelectorAll(CONTROLS)[focus.control];
    if (control instanceof HTMLElement) control.focus({ preventScroll: true });
    return;
  }
  const row = rows().find((one) => one.dataset.study === focus.study) ?? rows()[Math.min(focus.at, rows().length - 1)];
  if (!row) return;
  (focus.isTick ? tickOf(row) : find(row, "a")).focus({ preventScroll: true });
  // What the reader looks at stays where it is on the screen.
  window.scrollBy(0, row.getBoundingClientRect().top - focus.top);
}

// Keys

const areOn = () => setting(KEYS_OFF) === null;

/** @param {number} step */
function move(step) {
  const all = rows();
  const row = rowInFocus();
  const next = row ? all[all.indexOf(row) + step] : all.at(step > 0 ? 0 : -1);
  if (next) find(next, "a").focus();
}

function toggleTick() {
  const row = rowInFocus();
  if (row) tickOf(row).click();
}

function showKeys() {
  find(dialog, "[data-keys-on]", HTMLInputElement).checked = areOn();
  dialog.showModal();
}

/** @type {Readonly<Record<string, () => void>>} */
const DOES = {
  j: () => move(1),
  ArrowDown: () => move(1),
  k: () => move(-1),
  ArrowUp: () => move(-1),
  x: toggleTick,
  "/": () => find(document, "#q").focus(),
  "?": showKeys,
};

document.addEventListener("keydown", (event) => {
  if (isTaken(event) || !Object.hasOwn(DOES, event.key)) return;
  // Arrows scroll a page; they move only where a study has the focus.
  if (event.key.startsWith("Arrow") ? !targetOf(event).closest("tr[data-study]") : !areOn()) return;
  event.preventDefault();
  DOES[event.key]();
});

find(document, "[data-keys-button]").addEventListener("click", showKeys);
const keysOn = find(dialog, "[data-keys-on]", HTMLInputElement);
keysOn.addEventListener("change", () => keepSetting(KEYS_OFF, keysOn.checked ? null : ""));

const timer = setInterval(ask, ASK_EVERY_MS);
document.addEventListener("visibilitychange", ask);
showTicks();
