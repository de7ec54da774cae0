import assert from "node:assert/strict";
import { test } from "node:test";

import { angleOf, cobbOf, lengthOf } from "../../static/js/viewer/measure.js";

const [ORIGIN, RIGHT, DOWN] = [{ x: 0, y: 0 }, { x: 30, y: 0 }, { x: 0, y: 40 }];

test("a length is in pixels without a spacing and in mm with one", () => {
  assert.equal(lengthOf([RIGHT, DOWN], null), 50);
  // Rows are 0.1 mm apart, columns 0.2 mm: 6 mm across, 4 mm down.
  assert.ok(Math.abs(lengthOf([RIGHT, DOWN], [0.1, 0.2]) - Math.hypot(6, 4)) < 1e-9);
});

test("an angle is measured at its second point", () => {
  assert.equal(angleOf([RIGHT, ORIGIN, DOWN], null), 90);
  assert.equal(angleOf([RIGHT, ORIGIN, { x: -5, y: 0 }], null), 180);
});

test("an angle on pixels that are not square is that of the patient, not of the grid", () => {
  const degrees = angleOf([{ x: 10, y: 0 }, ORIGIN, { x: 10, y: 10 }], [2, 1]);
  assert.ok(Math.abs(degrees - (Math.atan2(2, 1) * 180) / Math.PI) < 1e-9);
});

test("a Cobb angle does not depend on which way a line was drawn, and is at most 90°", () => {
  const [a, b, c, d] = [ORIGIN, { x: 100, y: 0 }, { x: 0, y: 50 }, { x: 100, y: 85 }];
  const degrees = (Math.atan2(35, 100) * 180) / Math.PI;
  for (const points of [[a, b, c, d], [b, a, c, d], [a, b, d, c]]) {
    assert.ok(Math.abs(cobbOf(points, null) - degrees) < 1e-9);
  }
});
