import assert from "node:assert/strict";
import { test } from "node:test";

import { common } from "../../static/js/geometry.js";
import { labelRect } from "../../static/js/viewer/labels.js";

const FRAME = { x: 0, y: 0, width: 400, height: 300 };
const LABEL = { width: 60, height: 20 };
const BOX = { x: 100, y: 100, width: 80, height: 60 };

test("a label stands above its box, outside it", () => {
  const label = labelRect(BOX, LABEL, 5, FRAME, [BOX], []);
  assert.deepEqual(label, { x: 100, y: 75, width: 60, height: 20, isFar: false });
});

test("at the upper edge it stands below", () => {
  const box = { ...BOX, y: 4 };
  assert.equal(labelRect(box, LABEL, 5, FRAME, [box], [])?.y, 69);
});

test("labels of the same box stand apart from each other and from every box", () => {
  const boxes = [BOX, { x: 190, y: 90, width: 60, height: 60 }];
  /** @type {import("../../static/js/geometry.js").Rect[]} */
  const taken = [];
  for (let n = 0; n < 5; n += 1) {
    const label = labelRect(BOX, LABEL, 5, FRAME, boxes, taken);
    assert.ok(label);
    assert.ok([...boxes, ...taken].every((other) => common(label, other) === 0));
    taken.push(label);
  }
});

test("a box that fills the frame leaves no rectangle for a label", () => {
  assert.equal(labelRect(FRAME, LABEL, 5, FRAME, [FRAME], []), null);
});
