// Elements of SVG.

export const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * Append a new element to `parent`.
 * @template {keyof SVGElementTagNameMap} N
 * @param {Element} parent
 * @param {N} name
 * @param {string} [className]
 * @returns {SVGElementTagNameMap[N]}
 */
export function make(parent, name, className = "") {
  const made = document.createElementNS(SVG_NAMESPACE, name);
  if (className) made.setAttribute("class", className);
  parent.append(made);
  return made;
}

/**
 * Set several attributes.
 * @param {Element} element
 * @param {Record<string, string | number>} values
 */
export function put(element, values) {
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, String(value));
}
