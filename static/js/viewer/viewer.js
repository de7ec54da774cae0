// The viewer of one view: made when the view is shown, over the image that is there anyway.
import { find, findAll } from "../dom.js";
import { filled } from "../words.js";
import { dragWindow } from "./drag.js";
import { Pane, radiographOf } from "./pane.js";
import { Tools } from "./tools.js";

/** @typedef {import("./measure.js").Kind} Kind */
/** @typedef {import("./window.js").RadiographWindow} RadiographWindow */
/** @typedef {"window" | Kind | null} Mode */

const TURN_BY_KEY = 5;
/** @type {Readonly<Record<string, Kind>>} */
const MEASURES = { ruler: "length", angle: "angle", cobb: "cobb" };

export class Viewer {
  /**
   * @param {HTMLElement} card
   * @param {import("./measures.js").ViewerWords} words
   * @param {(card: HTMLElement) => RadiographWindow} windowOf
   */
  constructor(card, words, windowOf) {
    this.card = card;
    this.words = words;
    this.windowOf = windowOf;
    /** @type {Mode} */
    this.mode = null;
    /** @type {Pane | null} */
    this.main = null;
    /** @type {Pane | null} */
    this.beside = null;
    /** @type {Pane | null} */
    this.leader = null;
    this.isInverted = false;
    /** @type {string | null} */
    this.atRow = null;
    /** @type {readonly unknown[] | null} */
    this.filled = null;
    this.images = find(card, "[data-images]");
    this.frame = find(card, ".marked .frame");
    this.besideFrame = find(card, ".original .frame");
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
    this.leadFrom(frame, () => this.main);
    this.leadFrom(this.besideFrame, () => this.beside);
    this.window.onChange(() => this.showWindow());
    tools.presets.addEventListener("change", () => this.window.choose(Number(tools.presets.value)));
    tools.form.addEventListener("submit", (event) => this.setNumbers(event));
    for (const button of findAll(card, "[data-goto]")) {
      button.addEventListener("click", () => this.goTo(button.closest("tr")?.dataset.row ?? ""));
    }
    frame.addEventListener("draw-armed", () => this.setMode(null));
    document.addEventListener("fullscreenchange", () => tools.press("full", document.fullscreenElement !== null));
    card.querySelector("[data-link]")?.addEventListener("change", () => this.pull());
    card.querySelector("[data-beside]")?.addEventListener("change", () => this.putBeside());
  }

  /**
   * The pane that was touched last leads, and the other follows.
   * @param {HTMLElement} frame
   * @param {() => Pane | null} paneOf
   */
  leadFrom(frame, paneOf) {
    dragWindow(frame, paneOf, () => this.mode === "window");
    frame.addEventListener("pointerdown", () => this.lead(paneOf()), { capture: true });
    frame.addEventListener("wheel", () => this.lead(paneOf()), { capture: true, passive: true });
  }

  // Panes

  /** Make the viewer; once. */
  open() {
    if (this.main) return this.main;
    const main = new Pane(this.frame, this.radiograph, this.window, find(this.frame, "svg.boxes", SVGSVGElement), this.words);
    this.main = main;
    this.leader = main;
    if (main.overlay) main.overlay.onHidden = (names) => this.sayHidden(names);
    main.stage.onWheelPassed = () => this.tools.explain(this.words.wheel);
    this.prepare(main);
    main.stage.isOpen.then(() => this.window.load());
    return main;
  }

  /** @param {string[]} names of findings whose labels found nowhere to stand */
  sayHidden(names) {
    const words = names.length > 0 ? filled(this.words.inside, { names: names.join(", ") }) : "";
    find(this.card, "[data-inside]").textContent = words;
  }

  openBeside() {
    if (this.beside) return;
    const chosen = this.card.querySelector("[data-beside]");
    const id = chosen instanceof HTMLSelectElement ? chosen.value : "";
    const card = id ? find(document, `[data-view-card][data-image="${CSS.escape(id)}"]`) : this.card;
    const radiograph = radiographOf(card);
    const svg = id ? /** @type {SVGSVGElement} */ (find(card, "svg.boxes", SVGSVGElement).cloneNode(true)) : null;
    const { width, height } = radiograph.size;
    Object.assign(find(this.besideFrame, "img", HTMLImageElement), { src: radiograph.urls.preview, width, height });
    if (svg) this.besideFrame.append(svg);
    const beside = new Pane(this.besideFrame, radiograph, this.windowOf(card), svg, this.words);
    this.beside = beside;
    this.prepare(beside);
    beside.stage.isOpen.then(() => this.isLinked && this.leader !== beside && this.pull());
  }

  putBeside() {
    const link = find(this.card, "[data-link]");
    link.hidden = find(this.card, "[data-beside]", HTMLSelectElement).value === "";
    find(link, "input", HTMLInputElement).checked = false;
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

  /** @param {Pane} pane */
  prepare(pane) {
    pane.stage.onChange(() => this.moved(pane));
    pane.stage.clicked.add((point) => this.clicked(pane, point));
  }

  get panes() {
    return [this.main, this.beside].filter((pane) => pane !== null);
  }

  get isLinked() {
    const link = this.card.querySelector("[data-link]");
    return !(link instanceof HTMLElement) || link.hidden || find(link, "input", HTMLInputElement).checked;
  }

  /** @param {Pane | null} pane */
  lead(pane) {
    if (pane) this.leader = pane;
  }

  /** @param {Pane} pane */
  moved(pane) {
    if (pane === this.main) this.tools.show(this.window, pane.stage.scale);
    if (pane !== this.leader) return;
    this.pull();
    this.tools.press("flip", pane.stage.isFlipped);
  }

  /** Make the image beside follow the one that is worked with. */
  pull() {
    if (!this.isLinked || !this.leader) return;
    for (const pane of this.panes) if (pane !== this.leader) pane.stage.look = this.leader.stage.look;
  }

  // Findings

  /**
   * @param {Pane} pane
   * @param {import("../geometry.js").Point} point
   */
  clicked(pane, point) {
    if (this.mode !== null || !pane.overlay || this.frame.classList.contains("unmarked")) return;
    const mark = pane.overlay.at(point);
    if (!mark) return;
    pane.stage.zoomTo(mark.rect);
    this.tools.say(filled(this.words.zoomedTo, { name: mark.name }));
  }

  /**
   * Zoom to a finding; at one to one, only move to it.
   * @param {string} row
   */
  goTo(row) {
    const { stage, overlay } = this.open();
    showMarked();
    const mark = overlay?.markOf(row);
    if (!mark) return;
    this.lead(this.main);
    const { x, y, width, height } = mark.rect;
    stage.isOpen.then(() => {
      if (stage.isOneToOne) stage.centreOn({ x: x + width / 2, y: y + height / 2 });
      else stage.zoomTo(mark.rect);
    });
    this.atRow = row;
    this.tools.say(filled(this.words.zoomedTo, { name: mark.name }));
    this.frame.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} by 1 for the next finding, -1 for the one before */
  next(by) {
    // The page has the surest box last, so that it lies on top.
    const rows = [...(this.open().overlay?.shown ?? [])].reverse().map((mark) => mark.row);
    if (rows.length === 0) return;
    const at = this.atRow === null ? -1 : rows.indexOf(this.atRow);
    const first = by > 0 ? 0 : rows.length - 1;
    this.goTo(rows[at < 0 ? first : (at + by + rows.length) % rows.length]);
  }

  // Tools

  /** @param {string} name */
  act(name, byKey = false) {
    const { stage } = this.leader ?? this.open();
    /** @type {Record<string, () => void>} */
    const acts = {
      zoomIn: () => stage.zoomIn(),
      zoomOut: () => stage.zoomOut(),
      fit: () => stage.fit(),
      oneToOne: () => stage.oneToOne(),
      rotateLeft: () => stage.rotateLeft(),
      rotateRight: () => stage.rotateRight(),
      turnRight: () => stage.rotateBy(TURN_BY_KEY),
      turnLeft: () => stage.rotateBy(-TURN_BY_KEY),
      flip: () => stage.flip(),
      invert: () => this.invert(),
      window: () => this.setMode(this.mode === "window" ? null : "window"),
      lens: () => this.toggleLens(),
      marks: () => this.toggleMarks(),
      reset: () => this.reset(),
      full: toggleFull,
      keys: showKeys,
    };
    if (name in MEASURES) this.measure(MEASURES[name], byKey);
    else acts[name]();
  }

  /** @param {Mode} mode */
  setMode(mode) {
    this.mode = mode;
    this.tools.press("window", mode === "window");
    for (const [name, kind] of Object.entries(MEASURES)) this.tools.press(name, mode === kind);
    for (const frame of [this.frame, this.besideFrame]) frame.classList.toggle("windowing", mode === "window");
    for (const pane of this.panes) pane.measures.arm(mode === "window" ? null : mode);
    const lengths = this.radiograph.spacing ? this.words.rulerMm : this.words.rulerPx;
    const notes = { window: this.words.windowMode, length: lengths, angle: this.words.angleMode, cobb: this.words.cobbMode };
    this.tools.explain(mode === null ? "" : notes[mode]);
    if (mode !== null) this.frame.dispatchEvent(new CustomEvent("viewer-mode"));
  }

  /**
   * @param {Kind} kind
   * @param {boolean} byKey
   */
  measure(kind, byKey) {
    const isOn = this.mode !== kind;
    this.setMode(isOn ? kind : null);
    if (isOn && byKey) (this.leader ?? this.open()).measures.placeInMiddle(kind);
  }

  invert(isOn = !this.isInverted) {
    this.isInverted = isOn;
    this.images.classList.toggle("inverted", isOn);
    this.tools.press("invert", isOn);
    this.tools.field("invert").checked = isOn;
  }

  toggleLens(isOn = !this.open().lens.isOn) {
    for (const pane of this.panes) pane.lens.toggle(isOn);
    this.tools.press("lens", isOn);
  }

  toggleMarks(isOn = this.frame.classList.contains("unmarked")) {
    for (const frame of [this.frame, this.besideFrame]) frame.classList.toggle("unmarked", !isOn);
    this.tools.press("marks", isOn);
  }

  reset() {
    this.setMode(null);
    this.invert(false);
    this.toggleLens(false);
    this.toggleMarks(true);
    for (const pane of this.panes) {
      pane.measures.clear();
      pane.stage.reset();
    }
    if (this.window.now !== null) this.window.choose(0);
  }

  // Windows

  showWindow() {
    if (this.window.choices && this.filled !== this.window.choices) {
      this.filled = this.window.choices;
      this.tools.fillPresets(this.window.choices);
    }
    if (this.main) this.tools.show(this.window, this.main.stage.scale);
  }

  /** @param {Event} event */
  async setNumbers(event) {
    event.preventDefault();
    this.open();
    const [centre, width] = [this.tools.field("centre").value, this.tools.field("width").value];
    this.invert(this.tools.field("invert").checked);
    if (!(await this.window.load()) || !this.window.choices) return;
    const [shown] = this.window.choices;
    this.window.own({ centre: centre === "" ? shown.centre : Number(centre), width: Number(width) || shown.width }, true);
  }

  /**
   * @param {number} right
   * @param {number} down
   */
  arrow(right, down) {
    const leader = this.leader ?? this.open();
    if (this.mode === "window") leader.window.nudge(right, down);
    else leader.stage.panBy(right, down);
  }
}

/** Show the marked image, on which the boxes stand, where the page's own bar has hidden it. */
export function showMarked() {
  const chosen = document.querySelector("[data-toolbar] [name=view]:checked");
  if (chosen instanceof HTMLInputElement && chosen.value === "original") find(document, "[data-toolbar] [value=marked]").click();
}

function toggleFull() {
  if (document.fullscreenElement) document.exitFullscreen();
  else find(document, "[data-workplace]").requestFullscreen?.();
}

function showKeys() {
  const dialog = find(document, "[data-keys]", HTMLDialogElement);
  dialog.showModal();
  find(dialog, "h2").focus();
}
