// The values of the answer's radio buttons: "rejected X1 Y1 X2 Y2 REGION".

/** @typedef {import("../geometry.js").Rect} Rect */

/**
 * Take a value apart.
 * @param {string} value
 * @returns {{answer: string, region: string, box: Rect}}
 */
export function findingOf(value) {
  const [answer, ...parts] = value.split(" ");
  const [x, y, right, bottom] = parts.slice(0, 4).map(Number);
  return { answer, region: parts.slice(4).join(" "), box: { x, y, width: right - x, height: bottom - y } };
}

/**
 * The first finding without an answer after `from`, else the first one of all; -1 when each has one.
 * @param {readonly boolean[]} isAnswered
 * @param {number} from
 */
export function nextOpen(isAnswered, from) {
  const after = isAnswered.findIndex((done, n) => n > from && !done);
  return after >= 0 ? after : isAnswered.indexOf(false);
}
