// Where the label of a box stands: outside every box and apart from other labels, for nothing may cover the bone.
import { between, common } from "../geometry.js";

/** @typedef {import("../geometry.js").Rect} Rect */
/** @typedef {Rect & {isFar: boolean}} LabelRect */

/**
 * Choose a label's rectangle near its box, or farther away; null where nothing is free in sight.
 * @param {Rect} box the label's own
 * @param {import("../geometry.js").Size} label
 * @param {number} gap
 * @param {Rect} frame what is in sight
 * @param {readonly Rect[]} boxes every box in sight
 * @param {readonly Rect[]} taken labels that stand already
 * @returns {LabelRect | null}
 */
export function labelRect(box, { width, height }, gap, frame, boxes, taken) {
  const most = frame.x + frame.width - width;
  const inSight = candidates(box, width, height, gap)
    .map((one) => ({ ...one, width, height, x: between(one.x, frame.x, Math.max(frame.x, most)) }))
    .filter(({ y }) => y >= frame.y && y + height <= frame.y + frame.height);
  /** @param {Rect} one */
  const isApart = (one) => taken.every((other) => common(one, other) === 0);
  return (
    inSight.find((one) => isApart(one) && boxes.every((other) => common(one, other) === 0)) ??
    inSight.find((one) => isApart(one) && common(one, box) === 0) ??
    null
  );
}

/**
 * @param {Rect} box
 * @param {number} width
 * @param {number} height
 * @param {number} gap
 */
function candidates(box, width, height, gap) {
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  return [0, 1, 2, 3].flatMap((n) => {
    const [above, below] = [box.y - height - gap - n * (height + gap), bottom + gap + n * (height + gap)];
    const isFar = n > 0;
    return [
      { x: box.x, y: above, isFar },
      { x: right - width, y: above, isFar },
      { x: box.x, y: below, isFar },
      { x: right - width, y: below, isFar },
      { x: right + gap + n * height, y: box.y + n * height, isFar },
      { x: box.x - width - gap - n * height, y: box.y + n * height, isFar },
    ];
  });
}
