// The boxes and labels that the page was sent with, following the picture. They stay where they are in the page's own SVG,
// in pixels of the radiograph; each only gets a CSS transform, so that print takes it away and has the plain picture.

const PLATE_PX = 20;
const GAP_PX = 5;
const SVG = "http://www.w3.org/2000/svg";

const number = (element, name) => Number(element.getAttribute(name));
const rectOf = (rect) => Object.fromEntries(["x", "y", "width", "height"].map((name) => [name, number(rect, name)]));

// The smallest upright rectangle around a rectangle seen through a matrix.
function around({ x, y, width, height }, matrix) {
  const corners = [[x, y], [x + width, y], [x, y + height], [x + width, y + height]];
  const points = corners.map(([left, top]) => new DOMPoint(left, top).matrixTransform(matrix));
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { x: left, y: top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

function common(one, other) {
  const wide = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const high = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return Math.max(0, wide) * Math.max(0, high);
}

const holds = (rect, { x, y }) => x >= rect.x && y >= rect.y && x <= rect.x + rect.width && y <= rect.y + rect.height;

export class Overlay {
  // svg: with a viewBox of the radiograph's size, over the whole frame of the stage.
  constructor(svg, stage) {
    Object.assign(this, { svg, stage, hidden: [] });
    svg.classList.add("follows");
    this.marks = [...svg.querySelectorAll("g.box")].map((box) => {
      const { row } = box.dataset;
      const tag = svg.querySelector(`g.tag[data-row="${row}"]`);
      const leader = document.createElementNS(SVG, "line");
      leader.setAttribute("class", `leader ${tag.classList[1]}`);
      leader.setAttribute("vector-effect", "non-scaling-stroke");
      tag.before(leader);
      const plate = rectOf(tag.querySelector("rect"));
      return { row, box, tag, leader, place: rectOf(box.querySelector("rect")), plate, name: tag.textContent.trim() };
    });
    stage.onChange(() => this.follow());
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

  // A label stands outside every box and apart from other labels; where there is no such place in sight, its name goes
  // to the caption instead, for nothing may cover the bone under a box.
  layLabels(rest, world) {
    const unit = 1 / rest.a;
    const frame = around({ x: 0, y: 0, width: this.stage.frame.clientWidth, height: this.stage.frame.clientHeight }, rest.inverse());
    const boxes = new Map(this.shown.map((mark) => [mark, around(mark.place, world)]));
    const taken = [];
    this.hidden = [];
    for (const mark of [...this.marks].reverse()) {
      const box = mark.box.hasAttribute("data-replaced") ? null : boxes.get(mark);
      const place = box && common(frame, box) > 0 ? this.placeFor(mark, box, unit, frame, [...boxes.values()], taken) : null;
      mark.tag.classList.toggle("away", !place);
      mark.leader.classList.toggle("away", !place?.isFar);
      if (box && !place && common(frame, box) > 0) this.hidden.push(mark.name);
      if (!place) continue;
      taken.push(place);
      const scale = (PLATE_PX * unit) / mark.plate.height;
      mark.tag.style.transform = `matrix(${scale}, 0, 0, ${scale}, ${place.x - mark.plate.x * scale}, ${place.y - mark.plate.y * scale})`;
      if (place.isFar) lead(mark.leader, place, box);
    }
    this.onHidden?.(this.hidden);
  }

  placeFor({ plate }, box, unit, frame, boxes, taken) {
    const height = PLATE_PX * unit;
    const width = (plate.width * height) / plate.height;
    const gap = GAP_PX * unit;
    const [right, bottom] = [box.x + box.width, box.y + box.height];
    const lefts = [box.x, right - width];
    const near = [
      ...lefts.map((x) => ({ x, y: box.y - height - gap })),
      ...lefts.map((x) => ({ x, y: bottom + gap })),
      { x: right + gap, y: box.y },
      { x: box.x - width - gap, y: box.y },
    ];
    const far = [1, 2, 3].flatMap((n) => [
      ...lefts.map((x) => ({ x, y: box.y - (n + 1) * (height + gap), isFar: true })),
      ...lefts.map((x) => ({ x, y: bottom + gap + n * (height + gap), isFar: true })),
      { x: right + gap + n * height, y: box.y + n * height, isFar: true },
      { x: box.x - width - gap - n * height, y: box.y + n * height, isFar: true },
    ]);
    const inside = (place) => ({ ...place, width, height, x: Math.min(Math.max(place.x, frame.x), frame.x + frame.width - width) });
    const fits = (place) => place.y >= frame.y && place.y + height <= frame.y + frame.height;
    const places = [...near, ...far].map(inside).filter(fits);
    const isFree = (place) => [...boxes, ...taken].every((other) => common(place, other) === 0);
    return places.find(isFree) ?? places.find((place) => common(place, box) === 0 && taken.every((other) => common(place, other) === 0)) ?? null;
  }

  // The mark at a point of the frame: a label, or else the smallest box.
  at(point) {
    const { rest, matrix } = this.stage;
    const world = rest.inverse().multiply(matrix);
    const here = new DOMPoint(point.x, point.y).matrixTransform(rest.inverse());
    const there = here.matrixTransform(world.inverse());
    const labelled = this.shown.find(({ tag }) => !tag.classList.contains("away") && holds(tagRect(tag), here));
    if (labelled) return labelled;
    const under = this.shown.filter(({ place }) => holds(place, there));
    return under.sort((one, other) => one.place.width * one.place.height - other.place.width * other.place.height)[0] ?? null;
  }

  markOf(row) {
    return this.marks.find((mark) => mark.row === row) ?? null;
  }
}

function tagRect(tag) {
  return around(rectOf(tag.querySelector("rect")), new DOMMatrix(tag.style.transform));
}

function lead(line, place, box) {
  const between = (value, low, high) => Math.min(Math.max(value, low), high);
  const x1 = between(box.x + box.width / 2, place.x, place.x + place.width);
  const y1 = between(box.y + box.height / 2, place.y, place.y + place.height);
  const ends = { x1, y1, x2: between(x1, box.x, box.x + box.width), y2: between(y1, box.y, box.y + box.height) };
  for (const [name, value] of Object.entries(ends)) line.setAttribute(name, value);
}
