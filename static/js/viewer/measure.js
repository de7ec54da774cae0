// Lengths and angles on a radiograph, from points in its pixels.

/** @typedef {import("../geometry.js").Point} Point */
/** @typedef {"length" | "angle" | "cobb"} Kind */
/** @typedef {readonly [number, number]} Spacing row and column, in mm at the detector */

/** How many points each kind has: the ends of a line; a vertex between two ends; the ends of two lines. */
export const POINTS_OF = Object.freeze({ length: 2, angle: 3, cobb: 4 });

const DEGREES = 180 / Math.PI;

/**
 * A vector between two points: in mm where the spacing is known, else in pixels.
 * @param {Point} from
 * @param {Point} to
 * @param {Spacing | null} spacing
 */
function vector(from, to, spacing) {
  const [row, column] = spacing ?? [1, 1];
  return { x: (to.x - from.x) * column, y: (to.y - from.y) * row };
}

/**
 * The length of a line, in mm where the spacing is known, else in pixels.
 * @param {readonly Point[]} points
 * @param {Spacing | null} spacing
 */
export function lengthOf([one, other], spacing) {
  const { x, y } = vector(one, other, spacing);
  return Math.hypot(x, y);
}

/**
 * @param {Point} one
 * @param {Point} other
 */
function degreesBetween(one, other) {
  const [cross, dot] = [one.x * other.y - one.y * other.x, one.x * other.x + one.y * other.y];
  return Math.abs(Math.atan2(cross, dot)) * DEGREES;
}

/**
 * The angle at the second of three points, 0–180°.
 * @param {readonly Point[]} points
 * @param {Spacing | null} spacing
 */
export function angleOf([one, vertex, other], spacing) {
  return degreesBetween(vector(vertex, one, spacing), vector(vertex, other, spacing));
}

/**
 * The Cobb angle: between two lines, whichever way each was drawn, 0–90°.
 * @param {readonly Point[]} points the ends of the first line, then of the second
 * @param {Spacing | null} spacing
 */
export function cobbOf([a, b, c, d], spacing) {
  const degrees = degreesBetween(vector(a, b, spacing), vector(c, d, spacing));
  return Math.min(degrees, 180 - degrees);
}
