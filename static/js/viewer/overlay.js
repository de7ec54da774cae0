// The boxes and labels that the page was sent with, following the image. They stay where they are in the page's own SVG, in
// pixels of the radiograph; each only gets a CSS transform, so that print takes it away and has the plain image.
import { find, findAll } from "../dom.js";
import { between, bounds, common, corners, holds } from "../geometry.js";
import { make, put } from "../svg.js";
import { labelRect } from "./labels.js";

/** @typedef {import("../geometry.js").Point} Point */
/** @typedef {import("../geometry.js").Rect} Rect */
/**
 * @typedef {object} Mark a finding as the page shows it
 * @property {string} row
 * @property {SVGGElement} box
 * @property {SVGGElement} tag
 * @property {SVGLineElement} leader
 * @property {Rect} rect
 * @property {Rect} plate
 * @property {string} name
 */

const PLATE_PX = 20;
const GAP_PX = 5;

/** @param {Element} rect */
function rectOf(rect) {
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name)));
  return { x, y, width, height };
}

/**
 * The smallest upright rectangle around a rectangle seen through a matrix.
 * @param {Rect} rect
 * @param {DOMMatrix} matrix
 */
const around = (rect, matrix) => bounds(corners(rect).map(({ x, y }) => new DOMPoint(x, y).matrixTransform(matrix)));

export class Overlay {
  /**
   * @param {SVGSVGElement} svg with a viewBox of the radiograph's size, over the whole frame of the stage
   * @param {import("./stage.js").Stage} stage
   */
  constructor(svg, stage) {
    this.svg = svg;
    this.stage = stage;
    /** @type {(names: string[]) => void} */
    this.onHidden = () => {};
    svg.classList.add("follows");
    this.marks = findAll(svg, "g.box", SVGGElement).map((box) => this.markOfBox(box));
    stage.onChange(() => this.follow());
  }

  /**
   * @param {SVGGElement} box
   * @returns {Mark}
   */
  markOfBox(box) {
    const row = box.dataset.row ?? "";
    const tag = find(this.svg, `g.tag[data-row="${row}"]`, SVGGElement);
    const leader = make(this.svg, "line", `leader ${tag.classList[1]}`);
    leader.setAttribute("vector-effect", "non-scaling-stroke");
    tag.before(leader);
    const [rect, plate] = [find(box, "rect", SVGRectElement), find(tag, "rect", SVGRectElement)].map(rectOf);
    return { row, box, tag, leader, rect, plate, name: (tag.textContent ?? "").trim() };
  }

  get shown() {
    return this.marks.filter(({ box }) => !box.hasAttribute("data-hidden"));
  }

  follow() {
    const { rest, matrix } = this.stage;
    // The SVG counts in pixels of the radiograph as it rests.
    const world = rest.inverse().multiply(matrix);
    for (const { box } of this.marks) box.style.transform = world.toString();
    this.layLabels(rest, world);
  }

  /**
   * Where a label finds no free rectangle in sight, its name goes to the caption instead.
   * @param {DOMMatrix} rest
   * @param {DOMMatrix} world
   */
  layLabels(rest, world) {
    const unit = 1 / rest.a;
    const { clientWidth: width, clientHeight: height } = this.stage.frame;
    const frame = around({ x: 0, y: 0, width, height }, rest.inverse());
    const boxes = new Map(this.shown.map((mark) => [mark, around(mark.rect, world)]));
    /** @type {Rect[]} */
    const taken = [];
    const hidden = [];
    for (const mark of [...this.marks].reverse()) {
      const box = mark.box.hasAttribute("data-replaced") ? undefined : boxes.get(mark);
      const isInSight = box !== undefined && common(frame, box) > 0;
      const size = { width: (mark.plate.width * PLATE_PX * unit) / mark.plate.height, height: PLATE_PX * unit };
      const label = isInSight ? labelRect(box, size, GAP_PX * unit, frame, [...boxes.values()], taken) : null;
      mark.tag.classList.toggle("away", !label);
      mark.leader.classList.toggle("away", !label?.isFar);
      if (isInSight && !label) hidden.push(mark.name);
      if (!label || !box) continue;
      taken.push(label);
      lay(mark, label, box);
    }
    this.onHidden(hidden);
  }

  /**
   * The mark at a point of the frame: a label, or else the smallest box.
   * @param {Point} point
   * @returns {Mark | null}
   */
  at(point) {
    const { rest, matrix } = this.stage;
    const here = new DOMPoint(point.x, point.y).matrixTransform(rest.inverse());
    const there = here.matrixTransform(rest.inverse().multiply(matrix).inverse());
    const labelled = this.shown.find(({ tag }) => !tag.classList.contains("away") && holds(tagRect(tag), here));
    if (labelled) return labelled;
    const under = this.shown.filter(({ rect }) => holds(rect, there));
    return under.sort((one, other) => one.rect.width * one.rect.height - other.rect.width * other.rect.height)[0] ?? null;
  }

  /** @param {string} row */
  markOf(row) {
    return this.marks.find((mark) => mark.row === row) ?? null;
  }
}

/**
 * @param {Mark} mark
 * @param {import("./labels.js").LabelRect} label
 * @param {Rect} box
 */
function lay({ tag, plate, leader }, label, box) {
  const scale = label.height / plate.height;
  tag.style.transform = `matrix(${scale}, 0, 0, ${scale}, ${label.x - plate.x * scale}, ${label.y - plate.y * scale})`;
  if (!label.isFar) return;
  const x1 = between(box.x + box.width / 2, label.x, label.x + label.width);
  const y1 = between(box.y + box.height / 2, label.y, label.y + label.height);
  put(leader, { x1, y1, x2: between(x1, box.x, box.x + box.width), y2: between(y1, box.y, box.y + box.height) });
}

/** @param {SVGGElement} tag */
function tagRect(tag) {
  return around(rectOf(find(tag, "rect", SVGRectElement)), new DOMMatrix(tag.style.transform));
}
