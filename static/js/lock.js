// Covers the page when nobody has used this browser for a while, and ends the session. What was drawn and written stays in
// the page: the same person signs in again and goes on.
import { find, findAll } from "./dom.js";
import { keepSetting, setting } from "./stored.js";

const LOOK_EVERY_MS = 5_000;
const BEAT_EVERY_MS = 60_000;
const LAST_INPUT = "last-input";
const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "scroll"];

const dialog = find(document, "[data-lock]", HTMLDialogElement);
const form = find(dialog, "form", HTMLFormElement);
const alert = find(dialog, "[data-lock-alert]");
const idleMs = Number(dialog.dataset.idle) * 1000;
let beatAt = Date.now();

const isLocked = () => document.documentElement.classList.contains("locked");
/** Of any tab of this browser. */
const lastInput = () => Math.max(Number(setting(LAST_INPUT)), pageInput);
let pageInput = Date.now();

function noteInput() {
  if (isLocked() || hasIdled()) return;
  const now = Date.now();
  // Once a second is enough, as storage is written to disk.
  if (now - pageInput > 1000) keepSetting(LAST_INPUT, String(now));
  pageInput = now;
  if (now - beatAt > BEAT_EVERY_MS) beat();
}

function hasIdled() {
  return Date.now() - lastInput() >= idleMs;
}

/** Tell the server that the page is in use; a session that has ended there locks the page. */
async function beat() {
  beatAt = Date.now();
  const answer = await ask();
  if (answer !== null && !answer.isOurs) cover();
}

/**
 * Who is signed in here now; null when the server does not answer. Takes over the token that forms need.
 * @returns {Promise<{isOurs: boolean} | null>}
 */
async function ask() {
  const headers = { Accept: "application/json" };
  const answer = await fetch(dialog.dataset.alive ?? "", { headers, redirect: "manual" }).catch(() => null);
  if (answer === null || answer.status >= 500) return null;
  if (!answer.ok) return { isOurs: false };
  const { person, csrf_token: token } = await answer.json();
  const isOurs = person === dialog.dataset.person;
  if (isOurs) for (const field of findAll(document, "[name=csrf_token]", HTMLInputElement)) field.value = token;
  return { isOurs };
}

/** End the session here, then cover the page. */
async function lock() {
  cover();
  const token = find(form, "[name=csrf_token]", HTMLInputElement).value;
  const body = new FormData();
  body.set("csrf_token", token);
  await fetch(dialog.dataset.end ?? "", { method: "POST", body, redirect: "manual" }).catch(() => null);
}

function cover() {
  if (isLocked()) return;
  document.documentElement.classList.add("locked");
  form.reset();
  alert.hidden = true;
  dialog.showModal();
}

function uncover() {
  document.documentElement.classList.remove("locked");
  dialog.close();
  pageInput = Date.now();
  keepSetting(LAST_INPUT, String(pageInput));
}

/** @param {string | undefined} reason */
function refuse(reason) {
  alert.textContent = reason ?? "";
  alert.hidden = !reason;
}

async function unlockIfSignedIn() {
  const answer = await ask();
  if (answer?.isOurs) uncover();
  return Boolean(answer?.isOurs);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  refuse(undefined);
  const sent = { method: "POST", body: new FormData(form) };
  const answer = await fetch(form.action, { ...sent, redirect: "manual" }).catch(() => null);
  form.reset();
  if (answer === null) return refuse(dialog.dataset.lost);
  if (await unlockIfSignedIn()) return undefined;
  if (answer.type === "opaqueredirect") return refuse(dialog.dataset.more);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return refuse(page.querySelector("[role=alert] p")?.textContent ?? String(answer.status));
});

// Signed in in another tab meanwhile.
for (const kind of ["focus", "visibilitychange"]) {
  window.addEventListener(kind, () => isLocked() && !document.hidden && unlockIfSignedIn());
}
// A second Escape closes a dialog, though the first was prevented.
dialog.addEventListener("cancel", (event) => event.preventDefault());
dialog.addEventListener("close", () => isLocked() && dialog.showModal());
for (const kind of INPUTS) document.addEventListener(kind, noteInput, { capture: true, passive: true });
keepSetting(LAST_INPUT, String(Date.now()));
setInterval(() => !isLocked() && hasIdled() && lock(), LOOK_EVERY_MS);
