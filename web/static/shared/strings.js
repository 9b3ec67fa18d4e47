// How does a key become a sentence in the reader's language?

/** @typedef {Record<string, string>} Table */
/** @typedef {(key: string, values?: Record<string, string | number>) => string} Translate */

/**
 * A missing key falls back to English, and to the key itself only if English lacks it too.
 * @param {Table} table
 * @param {Table} english
 * @returns {Translate}
 */
export function makeTranslate(table, english) {
  return (key, values = {}) => {
    const pattern = table[key] ?? english[key] ?? key;
    return pattern.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  };
}

/**
 * Fills `data-text`, `data-label` and `data-placeholder` of the static page.
 * @param {ParentNode} root
 * @param {Translate} t
 */
export function fillStrings(root, t) {
  for (const node of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-text]"))) {
    node.textContent = t(node.dataset.text ?? "");
  }
  for (const node of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-label]"))) {
    node.setAttribute("aria-label", t(node.dataset.label ?? ""));
    if (node.hasAttribute("title")) node.title = t(node.dataset.label ?? "");
  }
  for (const node of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-placeholder]"))) {
    node.setAttribute("placeholder", t(node.dataset.placeholder ?? ""));
  }
}
