import assert from "node:assert/strict";
import { test } from "node:test";

import { findingOf, nextOpen } from "../../static/js/feedback/finding.js";

test("the value of a radio button gives answer, box and region", () => {
  assert.deepEqual(findingOf("rejected 10.0 20.5 30.0 60.5 other: big toe"), {
    answer: "rejected",
    region: "other: big toe",
    box: { x: 10, y: 20.5, width: 20, height: 40 },
  });
});

test("the next finding without an answer is the one after the current, and then the first", () => {
  assert.equal(nextOpen([false, true, false], 0), 2);
  assert.equal(nextOpen([false, true, true], 1), 0);
  assert.equal(nextOpen([true, true], 0), -1);
  assert.equal(nextOpen([false, false], -1), 0);
});
