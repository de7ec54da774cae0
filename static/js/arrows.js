// Arrow keys as steps on the screen.

/** @type {Readonly<Record<string, readonly [number, number]>>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const ARROW_KEYS = Object.keys(ARROWS);

/**
 * Return [right, down] for an arrow key that is pressed without Ctrl, Alt or Meta; null for any other key.
 * @param {{key: string, ctrlKey?: boolean, altKey?: boolean, metaKey?: boolean}} event
 * @returns {readonly [number, number] | null}
 */
export function stepOf({ key, ctrlKey = false, altKey = false, metaKey = false }) {
  return ctrlKey || altKey || metaKey || !Object.hasOwn(ARROWS, key) ? null : ARROWS[key];
}
