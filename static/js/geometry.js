// Rectangles and points in pixels, without a page.

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{width: number, height: number}} Size */
/** @typedef {Point & Size} Rect */

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const between = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * The smallest upright rectangle around some points.
 * @param {readonly Point[]} points
 * @returns {Rect}
 */
export function bounds(points) {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/**
 * The corners of a rectangle, clockwise from the top left.
 * @param {Rect} rect
 * @returns {Point[]}
 */
export function corners({ x, y, width, height }) {
  return [{ x, y }, { x: x + width, y }, { x: x + width, y: y + height }, { x, y: y + height }];
}

/**
 * The area that two rectangles have in common.
 * @param {Rect} one
 * @param {Rect} other
 */
export function common(one, other) {
  const wide = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const high = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return Math.max(0, wide) * Math.max(0, high);
}

/**
 * Whether a point lies in a rectangle.
 * @param {Rect} rect
 * @param {Point} point
 */
export const holds = (rect, { x, y }) =>
  x >= rect.x && y >= rect.y && x <= rect.x + rect.width && y <= rect.y + rect.height;

const LEAST_SIDE = 1;
/** @param {number} value */
const tenth = (value) => Math.round(value * 10) / 10;

/**
 * A box to a tenth of a pixel, at least one pixel wide and high, moved inside an image of this size.
 * @param {Rect} box
 * @param {Size} size
 * @returns {Rect}
 */
export function fit(box, size) {
  const width = between(tenth(box.width), LEAST_SIDE, size.width);
  const height = between(tenth(box.height), LEAST_SIDE, size.height);
  const x = between(tenth(box.x), 0, tenth(size.width - width));
  const y = between(tenth(box.y), 0, tenth(size.height - height));
  return { x, y, width, height };
}

/**
 * Whether two boxes are the same to a tenth of a pixel.
 * @param {Rect} one
 * @param {Rect} other
 */
export function isSame(one, other) {
  const pairs = [[one.x, other.x], [one.y, other.y], [one.width, other.width], [one.height, other.height]];
  return pairs.every(([a, b]) => Math.abs(a - b) < 0.05);
}
