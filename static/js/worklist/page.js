// The worklist: new studies appear by themselves, keys move from study to study. All of it works without this script,
// by reloading and tabbing.
import { filled, wordsOf } from "../words.js";

const ASK_EVERY_MS = 5000;
const KEYS_OFF = "single-keys-off";
const PARTS = "tr[data-study], .pager, .alert, .notice, .empty";
const CONTROLS = "button, [data-all], [tabindex], .pager a";
const words = wordsOf("worklist");
const list = document.querySelector("[data-live]");
const dialog = document.querySelector("[data-keys]");

const say = (text) => {
  document.querySelector("[data-say]").textContent = text;
};
const rows = () => [...list.querySelectorAll("tr[data-study]")];
const tickOf = (row) => row.querySelector("input[name=study]");
const ticked = () => rows().map(tickOf).filter((tick) => tick.checked);

// Ticks

function showTicks() {
  const all = list.querySelector("[data-all]");
  if (!all) return;
  const count = ticked().length;
  all.checked = count > 0 && count === rows().length;
  all.indeterminate = count > 0 && !all.checked;
  list.querySelector("[data-count]").textContent = count > 0 ? filled(words.ticked, { count }) : "";
}

list.addEventListener("change", (event) => {
  if ("all" in event.target.dataset) for (const row of rows()) tickOf(row).checked = event.target.checked;
  showTicks();
});

// New studies, and what others did to those that are here

let isAsking = false;
let isLost = false;
// This script runs before theme.js puts the times into local time.
let shown = contentOf(list);

async function ask() {
  if (document.hidden || isAsking) return;
  isAsking = true;
  try {
    const answer = await fetch(list.dataset.changesUrl, { headers: { Accept: "application/json" } });
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
  const newer = page.querySelector("[data-live]");
  const before = { ids: idsOf(list), ticks: ticked().map((tick) => tick.value), focus: focusOf() };
  const isChanged = contentOf(newer) !== shown;
  list.dataset.version = newer.dataset.version;
  if (!isChanged) return;
  shown = contentOf(newer);
  list.replaceChildren(...newer.childNodes);
  list.dispatchEvent(new Event("content", { bubbles: true }));
  restore(before);
}

function idsOf(part) {
  return [...part.querySelectorAll("tr[data-study]")].map((row) => row.dataset.study);
}

// What the server wrote, without the tokens of forms, which differ from answer to answer.
function contentOf(part) {
  return [...part.querySelectorAll(PARTS)].map((one) => one.innerHTML).join("\n");
}

function focusOf() {
  const element = document.activeElement;
  const row = element?.closest("tr[data-study]");
  if (!row) return { place: [...list.querySelectorAll(CONTROLS)].indexOf(element) };
  const { top } = row.getBoundingClientRect();
  return { study: row.dataset.study, isTick: element === tickOf(row), at: rows().indexOf(row), top };
}

function restore({ ids, ticks, focus }) {
  for (const row of rows()) tickOf(row).checked = ticks.includes(row.dataset.study);
  showTicks();
  refocus(focus);
  const now = idsOf(list);
  const arrived = now.filter((id) => !ids.includes(id)).length;
  const left = ticks.filter((id) => !now.includes(id)).length;
  const said = [arrived > 0 ? filled(words.arrived, { count: arrived }) : words.updated];
  if (left > 0) said.push(filled(words.left, { count: left }));
  say(said.join(" "));
}

function refocus({ study, isTick, at, top, place }) {
  if (!study) {
    list.querySelectorAll(CONTROLS)[place]?.focus({ preventScroll: true });
    return;
  }
  const row = rows().find((one) => one.dataset.study === study) ?? rows()[Math.min(at, rows().length - 1)];
  if (!row) return;
  (isTick ? tickOf(row) : row.querySelector("a")).focus({ preventScroll: true });
  // What the reader looks at stays where it is on the screen.
  window.scrollBy(0, row.getBoundingClientRect().top - top);
}

// Keys

const areOn = () => {
  try {
    return localStorage.getItem(KEYS_OFF) === null;
  } catch {
    return true; // A browser may forbid storage; the keys are on then.
  }
};

function switchKeys(on) {
  try {
    if (on) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "");
  } catch {
    // They stay on then.
  }
}

function move(step) {
  const all = rows();
  const here = all.indexOf(document.activeElement?.closest("tr[data-study]"));
  const next = here < 0 ? all[step > 0 ? 0 : all.length - 1] : all[here + step];
  next?.querySelector("a").focus();
}

function tick() {
  const row = document.activeElement?.closest("tr[data-study]");
  if (row) tickOf(row).click();
}

function showKeys() {
  dialog.querySelector("[data-keys-on]").checked = areOn();
  dialog.showModal();
}

const DOES = {
  j: () => move(1),
  ArrowDown: () => move(1),
  k: () => move(-1),
  ArrowUp: () => move(-1),
  x: tick,
  "/": () => document.querySelector("#q").focus(),
  "?": showKeys,
};

document.addEventListener("keydown", (event) => {
  const isField = event.target.closest?.("input:not([type=checkbox]), select, textarea, dialog, [contenteditable]");
  const does = Object.hasOwn(DOES, event.key) ? DOES[event.key] : null;
  if (!does || isField || event.ctrlKey || event.metaKey || event.altKey) return;
  // Arrows scroll a page; they move only where a study has the focus.
  if (event.key.startsWith("Arrow") ? !event.target.closest("tr[data-study]") : !areOn()) return;
  event.preventDefault();
  does();
});

document.querySelector("[data-keys-button]").addEventListener("click", showKeys);
dialog.querySelector("[data-keys-on]").addEventListener("change", (event) => switchKeys(event.target.checked));

const timer = setInterval(ask, ASK_EVERY_MS);
document.addEventListener("visibilitychange", ask);
showTicks();
