// Elements that a page must have, with their type.

/**
 * Return the first element that fits; a page without it is a fault of its template.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} [type]
 * @returns {T}
 */
export function find(root, selector, type) {
  const found = root.querySelector(selector);
  if (!(found instanceof (type ?? HTMLElement))) throw new Error(`The page has no ${selector}.`);
  return /** @type {T} */ (found);
}

/**
 * Return every element that fits.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} [type]
 * @returns {T[]}
 */
export function findAll(root, selector, type) {
  return [...root.querySelectorAll(selector)].map((found) => {
    if (!(found instanceof (type ?? HTMLElement))) throw new Error(`${selector} is of another kind.`);
    return /** @type {T} */ (found);
  });
}

const TYPED_INTO =
  "textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=range], [type=button], [type=submit])";

/**
 * The element that an event came from.
 * @param {Event} event
 * @returns {Element}
 */
export function targetOf(event) {
  return event.target instanceof Element ? event.target : document.documentElement;
}

/**
 * Whether a key belongs to something else: a field that is typed into, an open dialog, or a shortcut of the browser.
 * @param {KeyboardEvent} event
 */
export function isTaken(event) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return true;
  return document.querySelector("dialog[open]") !== null || targetOf(event).closest(TYPED_INTO) !== null;
}
