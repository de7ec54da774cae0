// The viewer of each radiograph of a study: made when its card comes into sight, over the picture that is there anyway.
import { Pane, radiographOf } from "./pane.js";
import { dragWindow } from "./drag.js";
import { installKeys } from "./keys.js";
import { Tools } from "./tools.js";
import { RadiographWindow } from "./window.js";
import { filled, wordsOf } from "../words.js";

const TURN_BY_KEY = 5;

class Viewer {
  constructor(card, words, windowOf) {
    Object.assign(this, { card, words, windowOf, mode: null, main: null, beside: null, isInverted: false, atRow: null });
    this.pictures = card.querySelector("[data-images]");
    this.frame = card.querySelector(".marked .frame");
    this.besideFrame = card.querySelector(".original .frame");
    this.radiograph = radiographOf(card);
    this.window = windowOf(card);
    this.tools = new Tools(card, words, (name, byKey) => this.act(name, byKey));
    this.listen();
  }

  listen() {
    const { card, frame, tools } = this;
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", filled(this.words.viewer, { n: this.radiograph.number }));
    for (const [place, paneOf] of [[frame, () => this.main], [this.besideFrame, () => this.beside]]) {
      dragWindow(place, paneOf, () => this.mode === "window");
      place.addEventListener("pointerdown", () => this.lead(paneOf()), { capture: true });
      place.addEventListener("wheel", () => this.lead(paneOf()), { capture: true, passive: true });
    }
    this.window.onChange(() => this.showWindow());
    tools.presets.addEventListener("change", () => this.window.choose(Number(tools.presets.value)));
    tools.form.addEventListener("submit", (event) => this.setNumbers(event));
    for (const row of card.querySelectorAll("tr[data-row]")) {
      row.querySelector("[data-goto]").addEventListener("click", () => this.goTo(row.dataset.row));
    }
    frame.addEventListener("draw-armed", () => this.setMode(null));
    this.pictures.addEventListener("fullscreenchange", () => tools.press("full", this.isFull));
    card.querySelector("[data-link]")?.addEventListener("change", () => this.pull());
    card.querySelector("[data-beside]")?.addEventListener("change", (event) => this.putBeside(event.target.value));
  }

  // Panes

  open() {
    if (this.main) return;
    this.main = new Pane(this.frame, this.radiograph, this.window, this.frame.querySelector("svg.boxes"), this.words);
    this.leader = this.main;
    this.main.overlay.onHidden = (names) => {
      const words = names.length > 0 ? filled(this.words.inside, { names: names.join(", ") }) : "";
      this.card.querySelector("[data-inside]").textContent = words;
    };
    this.prepare(this.main);
    this.main.stage.isOpen.then(() => this.window.load());
  }

  openBeside() {
    if (this.beside) return;
    const chosen = this.card.querySelector("[data-beside]")?.value;
    const card = chosen ? document.querySelector(`[data-view-card][data-image="${CSS.escape(chosen)}"]`) : this.card;
    const radiograph = radiographOf(card);
    const svg = chosen ? card.querySelector("svg.boxes").cloneNode(true) : null;
    const image = this.besideFrame.querySelector("img");
    Object.assign(image, { src: radiograph.original, width: radiograph.size.width, height: radiograph.size.height });
    if (svg) this.besideFrame.append(svg);
    this.beside = new Pane(this.besideFrame, radiograph, this.windowOf(card), svg, this.words);
    this.prepare(this.beside);
    this.beside.stage.isOpen.then(() => this.isLinked && this.leader !== this.beside && this.pull());
  }

  putBeside(id) {
    const link = this.card.querySelector("[data-link]");
    link.hidden = id === "";
    link.querySelector("input").checked = false;
    this.closeBeside();
    this.openBeside();
  }

  closeBeside() {
    if (!this.beside) return;
    if (this.leader === this.beside) this.leader = this.main;
    this.beside.destroy();
    this.besideFrame.querySelector("svg.boxes")?.remove();
    this.beside = null;
  }

  prepare(pane) {
    pane.stage.onChange(() => this.moved(pane));
    pane.stage.clicked.add((point) => this.clicked(pane, point));
  }

  get panes() {
    return [this.main, this.beside].filter(Boolean);
  }

  get isLinked() {
    const link = this.card.querySelector("[data-link]");
    return !link || link.hidden || link.querySelector("input").checked;
  }

  lead(pane) {
    if (pane) this.leader = pane;
  }

  moved(pane) {
    if (pane === this.main) this.tools.show(this.window, pane.stage.scale);
    if (pane === this.leader) this.pull();
    if (pane === this.leader) this.tools.press("flip", pane.stage.isFlipped);
  }

  // The picture beside follows the one that is worked with.
  pull() {
    if (!this.isLinked) return;
    for (const pane of this.panes) if (pane !== this.leader) pane.stage.look = this.leader.stage.look;
  }

  // Findings

  clicked(pane, point) {
    if (this.mode !== null || !pane.overlay || this.frame.classList.contains("unmarked")) return;
    const mark = pane.overlay.at(point);
    if (mark) pane.stage.zoomTo(mark.place);
    if (mark) this.tools.say(filled(this.words.zoomedTo, { name: mark.name }));
  }

  goTo(row) {
    this.open();
    showMarked();
    const mark = this.main.overlay.markOf(row);
    this.lead(this.main);
    this.main.stage.isOpen.then(() => this.main.stage.zoomTo(mark.place));
    this.atRow = row;
    this.tools.say(filled(this.words.zoomedTo, { name: mark.name }));
    this.frame.scrollIntoView({ block: "nearest" });
  }

  next(by) {
    // The page has the surest box last, so that it lies on top.
    const rows = [...this.main.overlay.shown].reverse().map((mark) => mark.row);
    if (rows.length === 0) return;
    const at = rows.indexOf(this.atRow);
    const first = by > 0 ? 0 : rows.length - 1;
    this.goTo(rows[at < 0 ? first : (at + by + rows.length) % rows.length]);
  }

  // Tools

  act(name, byKey = false) {
    this.open();
    const { stage } = this.leader;
    const acts = {
      invert: () => this.invert(),
      window: () => this.setMode(this.mode === "window" ? null : "window"),
      ruler: () => this.setMode(this.mode === "ruler" ? null : "ruler", byKey),
      lens: () => this.toggleLens(),
      marks: () => this.toggleMarks(),
      reset: () => this.reset(),
      full: () => this.toggleFull(),
      keys: showKeys,
      turnRight: () => stage.rotateBy(TURN_BY_KEY),
      turnLeft: () => stage.rotateBy(-TURN_BY_KEY),
    };
    if (acts[name]) acts[name]();
    else stage[name]();
  }

  setMode(mode, byKey = false) {
    this.mode = mode;
    for (const name of ["window", "ruler"]) this.tools.press(name, mode === name);
    for (const place of [this.frame, this.besideFrame]) place.classList.toggle("windowing", mode === "window");
    for (const pane of this.panes) pane.ruler.toggle(mode === "ruler");
    if (mode === "ruler" && byKey) this.leader.ruler.placeInMiddle();
    const rulerWords = this.radiograph.spacing ? this.words.rulerMm : this.words.rulerPx;
    this.tools.explain({ window: this.words.windowMode, ruler: rulerWords }[mode] ?? "");
    if (mode !== null) this.frame.dispatchEvent(new CustomEvent("viewer-mode"));
  }

  invert(isOn = !this.isInverted) {
    this.isInverted = isOn;
    this.pictures.classList.toggle("inverted", isOn);
    this.tools.press("invert", isOn);
    this.tools.form.elements.invert.checked = isOn;
  }

  toggleLens(isOn = !this.main.lens.isOn) {
    for (const pane of this.panes) pane.lens.toggle(isOn);
    this.tools.press("lens", isOn);
  }

  toggleMarks(isOn = this.frame.classList.contains("unmarked")) {
    for (const place of [this.frame, this.besideFrame]) place.classList.toggle("unmarked", !isOn);
    this.tools.press("marks", isOn);
  }

  reset() {
    this.setMode(null);
    this.invert(false);
    this.toggleLens(false);
    this.toggleMarks(true);
    for (const pane of this.panes) pane.stage.reset();
    if (this.window.now !== null) this.window.choose(0);
  }

  get isFull() {
    return document.fullscreenElement === this.pictures;
  }

  toggleFull() {
    if (this.isFull) document.exitFullscreen();
    else this.pictures.requestFullscreen?.();
  }

  // Windows

  showWindow() {
    if (this.window.choices && this.filled !== this.window.choices) {
      this.filled = this.window.choices;
      this.tools.fillPresets(this.filled);
    }
    if (this.main) this.tools.show(this.window, this.main.stage.scale);
  }

  async setNumbers(event) {
    event.preventDefault();
    this.open();
    const { centre, width, invert } = event.target.elements;
    this.invert(invert.checked);
    if (!(await this.window.load())) return;
    const [shown] = this.window.choices;
    const numbers = { centre: centre.value === "" ? shown.centre : Number(centre.value), width: Number(width.value) || shown.width };
    this.window.own(numbers, true);
  }

  arrow(right, down) {
    if (this.mode === "window") this.leader.window.nudge(right, down);
    else this.leader.stage.panBy(right, down);
  }
}

// The boxes stand on the marked picture, which the page's own bar may have hidden.
function showMarked() {
  const chosen = document.querySelector("[data-toolbar] [name=view]:checked");
  if (chosen?.value === "original") document.querySelector("[data-toolbar] [value=marked]").click();
}

function showKeys() {
  const dialog = document.querySelector("[data-keys]");
  dialog.showModal();
  dialog.querySelector("h2").focus();
}

function start(cards) {
  const words = wordsOf("viewer");
  const windows = new Map();
  const failed = (card) => (status) => {
    const alert = document.querySelector("[data-page-alert]");
    const grave = { 404: words.gone, 401: words.signedOut }[status];
    if (grave) Object.assign(alert, { textContent: grave, hidden: false });
    else card.querySelector("[data-viewer-says]").textContent = words.notNow;
  };
  const windowOf = (card) => {
    const { id, urls, original } = radiographOf(card);
    if (!windows.has(id)) windows.set(id, new RadiographWindow({ ...urls, original }, failed(card)));
    return windows.get(id);
  };
  const viewers = new Map(cards.map((card) => [card, new Viewer(card, words, windowOf)]));
  const sight = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      const viewer = viewers.get(target.closest("[data-view-card]"));
      if (!isIntersecting || target.clientWidth === 0) continue;
      viewer.open();
      if (target === viewer.besideFrame) viewer.openBeside();
    }
  }, { rootMargin: "200px" });
  for (const viewer of viewers.values()) for (const frame of [viewer.frame, viewer.besideFrame]) sight.observe(frame);
  // The page hides boxes below a confidence, and those that the reader draws anew.
  document.addEventListener("boxes-changed", () => {
    for (const viewer of viewers.values()) for (const pane of viewer.panes) pane.overlay?.follow();
  });
  installKeys([...viewers.values()]);
}

const cards = [...document.querySelectorAll("[data-view-card]")];
// Without the library the page stays what it is without JavaScript: pictures with boxes.
if (globalThis.OpenSeadragon) start(cards);
else for (const card of cards) card.querySelector("[data-tools]").hidden = true;
