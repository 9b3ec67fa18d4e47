// How are parts of one thing switched? Tabs: arrow keys move, one tab stop in all.
import { el, show } from "../shared/dom.js";

/**
 * @param {string} label
 * @param {{id: string, label: string, pane: HTMLElement}[]} parts
 */
export function makeTabs(label, parts) {
  let current = parts[0]?.id ?? "";
  const buttons = parts.map(({ id, label: text, pane }) => {
    pane.id = `pane-${id}`;
    pane.setAttribute("role", "tabpanel");
    pane.setAttribute("aria-labelledby", `tab-${id}`);
    return el("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": pane.id, class: "tab", on: {
      click: () => select(id),
      keydown: move,
    } }, text);
  });

  /** @param {string} id */
  function select(id) {
    current = id;
    parts.forEach((part, index) => {
      const button = buttons[index];
      button?.setAttribute("aria-selected", String(part.id === id));
      if (button) button.tabIndex = part.id === id ? 0 : -1;
      show(part.pane, part.id === id);
    });
  }

  /** @param {KeyboardEvent} event */
  function move(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const visible = buttons.filter((button) => button.offsetParent !== null);
    const at = visible.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const next = visible[(at + by + visible.length) % visible.length];
    next?.click();
    next?.focus();
  }

  select(current);
  return { list: el("div", { class: "tabs", role: "tablist", "aria-label": label }, buttons), select, current: () => current };
}
