// The viewer's keys. Letters work on the whole page unless the reader turns that off in the list under "?"; arrows and
// numbers only while the viewer has the focus; nothing works while somebody types.
import { ARROW_KEYS, stepOf } from "../arrows.js";
import { find, findAll, isTaken, targetOf } from "../dom.js";
import { keepSetting, setting } from "../stored.js";
import { WHEEL_SETTING, wheelZooms } from "./stage.js";

/** @typedef {import("./viewer.js").Viewer} Viewer */
/** @typedef {import("./strip.js").Strip} Strip */

const STORED = "viewer-keys";
/** @type {Readonly<Record<string, string>>} */
const ACTS = {
  "+": "zoomIn", "=": "zoomIn", "-": "zoomOut", "0": "fit", "1": "oneToOne",
  r: "rotateRight", R: "rotateLeft", ".": "turnRight", ",": "turnLeft",
  f: "flip", i: "invert", w: "window", m: "lens", l: "ruler", a: "angle", A: "cobb", b: "marks",
  x: "reset", u: "full", "?": "keys",
};
const ONLY_IN_VIEWER = new Set([..."+=-01,.", ...ARROW_KEYS]);

/** Whether single letters work on the whole page, or only inside the viewer and the findings. */
export const areEverywhere = () => setting(STORED) !== "viewer";

/**
 * @param {readonly Viewer[]} viewers
 * @param {Strip} strip
 */
export function installKeys(viewers, strip) {
  const dialog = find(document, "[data-keys]");
  const everywhere = find(dialog, "[data-keys-everywhere]", HTMLInputElement);
  everywhere.checked = areEverywhere();
  everywhere.addEventListener("change", () => keepSetting(STORED, everywhere.checked ? "page" : "viewer"));
  const wheel = find(dialog, "[data-wheel-zooms]", HTMLInputElement);
  wheel.checked = wheelZooms();
  wheel.addEventListener("change", () => keepSetting(WHEEL_SETTING, wheel.checked ? "" : null));
  document.addEventListener("keydown", (event) => {
    if (isTaken(event)) return;
    const isInViewer = targetOf(event).closest(".frame, [data-tools]") !== null;
    if (!isInViewer && (!areEverywhere() || ONLY_IN_VIEWER.has(event.key))) return;
    const viewer = viewers.find(({ card }) => card === strip.shown);
    if (viewer && press(viewer, event, strip)) event.preventDefault();
  });
}

/**
 * Do what a key means; whether it meant something.
 * @param {Viewer} viewer
 * @param {KeyboardEvent} event
 * @param {Strip} strip
 */
function press(viewer, event, strip) {
  const { key } = event;
  const step = stepOf(event);
  if (step) viewer.arrow(...step);
  else if (Object.hasOwn(ACTS, key)) viewer.act(ACTS[key], true);
  else return pressMore(viewer, key, strip);
  return true;
}

/**
 * @param {Viewer} viewer
 * @param {string} key
 * @param {Strip} strip
 */
function pressMore(viewer, key, strip) {
  /** @type {Record<string, () => void>} */
  const more = {
    n: () => viewer.next(1),
    N: () => viewer.next(-1),
    p: () => stepWindow(viewer, 1),
    P: () => stepWindow(viewer, -1),
    v: () => strip.step(1),
    V: () => strip.step(-1),
    s: showOther,
    d: () => find(viewer.card, "[data-draw]").click(),
    // A full screen ends by itself.
    Escape: () => viewer.setMode(null),
  };
  if (!Object.hasOwn(more, key) || (key === "Escape" && viewer.mode === null)) return false;
  viewer.open();
  more[key]();
  return true;
}

/**
 * @param {Viewer} viewer
 * @param {number} by
 */
async function stepWindow(viewer, by) {
  if (await viewer.window.load()) viewer.window.step(by);
}

/** Go from original to marked to side by side, and round again. */
function showOther() {
  const choices = findAll(document, "[data-toolbar] [name=view]", HTMLInputElement);
  choices[(choices.findIndex((choice) => choice.checked) + 1) % choices.length].click();
}
