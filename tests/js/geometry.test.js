import assert from "node:assert/strict";
import { test } from "node:test";

import { bounds, common, corners, fit, holds, isSame } from "../../static/js/geometry.js";

const SIZE = { width: 200, height: 100 };

test("a rectangle is the bounds of its own corners", () => {
  const rect = { x: 3, y: 4, width: 50, height: 20 };
  assert.deepEqual(bounds(corners(rect)), rect);
});

test("a box that is dragged outwards is moved inside the image and keeps its size", () => {
  assert.deepEqual(fit({ x: 190, y: -5, width: 40, height: 30 }, SIZE), { x: 160, y: 0, width: 40, height: 30 });
});

test("a box is never thinner than one pixel or larger than the image", () => {
  assert.deepEqual(fit({ x: 10, y: 10, width: 0, height: 500 }, SIZE), { x: 10, y: 0, width: 1, height: 100 });
});

test("a box is kept to a tenth of a pixel", () => {
  assert.deepEqual(fit({ x: 1.23, y: 4.56, width: 10.04, height: 9.96 }, SIZE), { x: 1.2, y: 4.6, width: 10, height: 10 });
});

test("rectangles that only touch have nothing in common", () => {
  const rect = { x: 0, y: 0, width: 10, height: 10 };
  assert.equal(common(rect, { ...rect, x: 10 }), 0);
  assert.equal(common(rect, { ...rect, x: 5, y: 5 }), 25);
});

test("a point on the edge belongs to a rectangle", () => {
  assert.equal(holds({ x: 0, y: 0, width: 10, height: 10 }, { x: 10, y: 0 }), true);
  assert.equal(holds({ x: 0, y: 0, width: 10, height: 10 }, { x: 10.1, y: 0 }), false);
});

test("boxes are the same to a tenth of a pixel", () => {
  const box = { x: 1, y: 2, width: 3, height: 4 };
  assert.equal(isSame(box, { ...box, x: 1.04 }), true);
  assert.equal(isSame(box, { ...box, height: 4.06 }), false);
});
