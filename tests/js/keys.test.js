import assert from "node:assert/strict";
import { test } from "node:test";

import { stepOf } from "../../static/js/arrows.js";
import { mayBeImage } from "../../static/js/upload/files.js";
import { decimal, filled, percent } from "../../static/js/words.js";

test("arrow keys are steps, unless they are shortcuts of the browser", () => {
  assert.deepEqual(stepOf({ key: "ArrowUp" }), [0, -1]);
  assert.equal(stepOf({ key: "ArrowUp", altKey: true }), null);
  assert.equal(stepOf({ key: "toString" }), null);
});

test("values are filled in, and names that nobody gave stay", () => {
  assert.equal(filled("Box {n} of {all}", { n: 1, all: 3 }), "Box 1 of 3");
  assert.equal(filled("{toString} {n}", { n: 0 }), "{toString} 0");
});

test("shares and numbers are written for people", () => {
  assert.equal(percent(0.874), "87%");
  assert.equal(decimal(1234.56, 1), "1234.6");
});

test("files without an extension may be images; what systems leave beside them is none", () => {
  const names = ["IM0001", "wrist.DCM", ".DS_Store", "DICOMDIR", "Thumbs.db"];
  assert.deepEqual(names.filter((name) => mayBeImage({ name })), ["IM0001", "wrist.DCM"]);
});
