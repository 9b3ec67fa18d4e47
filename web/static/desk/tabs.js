// How are parts of one thing switched? Tabs: arrow keys move, one tab stop in all.
import { el, show } from "../shared/dom.js";

/**
 * @param {string} label
 * @param {{id: string, label: string, pane: HTMLElement}[]} parts
 * @param {(id: string) => void} on_shown
 */
export function makeTabs(label, parts, on_shown = () => {}) {
  let current = parts[0]?.id ?? "";
  const buttons = parts.map(({ id, label: text, pane }) => {
    pane.id = `pane-${id}`;
    pane.setAttribute("role", "tabpanel");
    pane.setAttribute("aria-labelledby", `tab-${id}`);
    return el("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": pane.id, class: "tab", on: {
      click: () => select(id),
      keydown: move,
    } }, text, el("span", { class: "unread", hidden: true }, el("span", { class: "vh" }, "New")));
  });
  let is_made = false;

  /** @param {string} id */
  function select(id) {
    current = id;
    parts.forEach((part, index) => {
      const button = buttons[index];
      button?.setAttribute("aria-selected", String(part.id === id));
      if (button) button.tabIndex = part.id === id ? 0 : -1;
      show(part.pane, part.id === id);
    });
    mark(id, false);
    if (is_made) on_shown(id);
  }

  /** Marks a part in which there is something new. @param {string} id @param {boolean} is_new */
  function mark(id, is_new) {
    const dot = buttons[parts.findIndex((part) => part.id === id)]?.querySelector(".unread");
    if (dot instanceof HTMLElement) show(dot, is_new);
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
  is_made = true;
  return { list: el("div", { class: "tabs", role: "tablist", "aria-label": label }, buttons), select, mark, current: () => current };
}
