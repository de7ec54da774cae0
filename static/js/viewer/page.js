// A study's page: one view at a time with its viewer, its findings and the reader's answer.
import { find, findAll } from "../dom.js";
import { installDeciding } from "../feedback/decide.js";
import { installForms } from "../feedback/form.js";
import { wordsOf } from "../words.js";
import { installKeys } from "./keys.js";
import { Strip } from "./strip.js";
import { installLights, installToolbar, keepStatement, tellRefused } from "./study.js";
import { Viewer } from "./viewer.js";
import { RadiographWindow } from "./window.js";

/**
 * Make the viewer of each view that is shown.
 * @param {Strip} strip
 */
function installViewers(strip) {
  /** @type {import("./measures.js").ViewerWords} */
  const words = wordsOf("viewer");
  /** @type {Map<string, RadiographWindow>} */
  const windows = new Map();
  /** @param {HTMLElement} card */
  const windowOf = (card) => {
    const id = card.dataset.image ?? "";
    const known = windows.get(id) ?? newWindow(card, words);
    windows.set(id, known);
    return known;
  };
  const viewers = strip.cards.map((card) => new Viewer(card, words, windowOf));
  const besides = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) viewers.find(({ besideFrame }) => besideFrame === target)?.openBeside();
    }
  });
  for (const viewer of viewers) besides.observe(viewer.besideFrame);
  strip.onShow((shown) => viewers.find(({ card }) => card === shown)?.open());
  // The page hides boxes below a confidence, and those that the reader draws anew.
  document.addEventListener("boxes-changed", () => {
    for (const viewer of viewers) for (const pane of viewer.panes) pane.overlay?.follow();
  });
  installKeys(viewers, strip);
}

/**
 * @param {HTMLElement} card
 * @param {import("./measures.js").ViewerWords} words
 */
function newWindow(card, words) {
  const { windowUrl: image = "", windowsUrl: choices = "", originalUrl: original = "" } = card.dataset;
  const preview = find(card, ".marked .frame img", HTMLImageElement).src;
  return new RadiographWindow({ image, choices, original, preview }, (status) => {
    const grave = { 404: words.gone, 401: words.signedOut }[status];
    if (grave) Object.assign(find(document, "[data-page-alert]"), { textContent: grave, hidden: false });
    else find(card, "[data-viewer-says]").textContent = words.notNow;
  });
}

function start() {
  tellRefused();
  keepStatement(find(document, "#statement", HTMLTextAreaElement));
  installLights();
  const workplace = document.querySelector("[data-workplace]");
  if (!(workplace instanceof HTMLElement)) return;
  const strip = new Strip(workplace);
  const forms = installForms();
  // Without the library the page stays what it is without JavaScript: images with boxes.
  if ("OpenSeadragon" in globalThis) installViewers(strip);
  else for (const tools of findAll(document, "[data-tools]")) tools.hidden = true;
  installToolbar(find(document, "[data-toolbar]"));
  installDeciding(strip, forms);
}

start();
