// What a script says, in the language of the page: the page carries it as JSON, one block for each script.

/** @typedef {Record<string, string>} Words */

/**
 * Return the words of one script.
 * @template [T=Words]
 * @param {string} script
 * @returns {T}
 */
export function wordsOf(script) {
  return JSON.parse(document.querySelector(`script[data-words="${script}"]`)?.textContent ?? "{}");
}

/**
 * Fill in values: "Box {n} of {all}" with {n: 1, all: 3} gives "Box 1 of 3".
 * @param {string} words
 * @param {Record<string, unknown>} values
 */
export function filled(words, values) {
  return words.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}

const language = () => globalThis.document?.documentElement.lang || "en";

/**
 * Write a share as the page's language does: 0.87 gives "87%".
 * @param {number} share
 */
export function percent(share) {
  return new Intl.NumberFormat(language(), { style: "percent" }).format(share);
}

/**
 * Write a number with at most so many digits after the decimal point of the page's language.
 * @param {number} value
 * @param {number} digits
 */
export function decimal(value, digits) {
  return new Intl.NumberFormat(language(), { maximumFractionDigits: digits, useGrouping: false }).format(value);
}
