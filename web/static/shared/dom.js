// How are nodes made? Text always arrives as text, never as markup.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Builds an element. `on*` attributes are refused by design: listeners are functions under `on`.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {{class?: string, on?: Record<string, (event: any) => void>, data?: Record<string, string>} & Record<string, unknown>=} attributes
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  const { on = {}, data = {}, ...plain } = attributes;
  for (const [name, value] of Object.entries(plain)) {
    if (name.startsWith("on")) throw new TypeError(`\`${name}\` would be code in markup; use \`on\``);
    if (value === undefined || value === null || value === false) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [name, value] of Object.entries(data)) node.dataset[name] = value;
  for (const [name, listener] of Object.entries(on)) node.addEventListener(name, listener);
  append(node, ...children);
  return node;
}

/**
 * @param {Element} parent
 * @param {...(Child | Child[])} children
 */
export function append(parent, ...children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

/** A text of several lines, each in the direction of its own words: a quotation in Hebrew does not turn the English line below it. @param {string} text @returns {HTMLElement[]} */
export function ownLines(text) {
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => el("span", { class: "own-line", dir: "auto" }, line));
}

/**
 * The element with this id; a page without it is broken, so this throws.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`the page has no element \`${id}\``);
  return /** @type {T} */ (node);
}

/**
 * Makes `parent` hold exactly these keyed children, in this order, reusing what has not changed, so that a
 * screen reader hears only what is new and an open citation stays open.
 * @template T
 * @param {HTMLElement} parent
 * @param {T[]} items
 * @param {{key: (item: T) => string, version: (item: T) => string, build: (item: T) => HTMLElement}} how
 */
export function reconcile(parent, items, { key, version, build }) {
  /** @type {Map<string, HTMLElement>} */
  const old = new Map();
  for (const child of /** @type {HTMLElement[]} */ ([...parent.children])) old.set(child.dataset.key ?? "", child);
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const id = key(item);
    const now = version(item);
    let node = old.get(id);
    old.delete(id);
    if (!node || node.dataset.version !== now) {
      const fresh = build(item);
      fresh.dataset.key = id;
      fresh.dataset.version = now;
      if (node === cursor && node) cursor = node.nextElementSibling;
      if (node) {
        keepOpen(node, fresh);
        node.replaceWith(fresh);
      }
      node = fresh;
      if (node.parentElement !== parent) parent.insertBefore(node, cursor);
      else if (node.nextElementSibling !== cursor) parent.insertBefore(node, cursor);
    } else if (node === cursor) {
      cursor = node.nextElementSibling;
    } else {
      parent.insertBefore(node, cursor);
    }
  }
  for (const node of old.values()) node.remove();
}

/** What somebody has opened stays open when its message is built anew. @param {HTMLElement} before @param {HTMLElement} after */
function keepOpen(before, after) {
  const was_open = [...before.querySelectorAll("details")].map(({ open }) => open);
  for (const [place, details] of after.querySelectorAll("details").entries()) details.open = was_open[place] ?? details.open;
}

/** @param {HTMLElement} node @param {boolean} is_shown */
export function show(node, is_shown) {
  node.hidden = !is_shown;
}
