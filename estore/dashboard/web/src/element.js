// Elements are built, never parsed from text: no value of the data can become markup.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An HTML element. `on…` keys are listeners, `style` is an object (set through the CSSOM, which the
 * content security policy allows), null and false leave an attribute out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...any} children nodes, text, arrays of them; null and false are left out
 * @returns {any}
 */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. @returns {any} */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** A sentence whose `…` parts are code. */
export const worded = (text) =>
  text.split('`').map((part, index) => (index % 2 ? h('code', {}, part) : part));

function fill(element, attributes = {}, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}
