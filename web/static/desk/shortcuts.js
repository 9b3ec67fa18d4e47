// Which single keys work, and how are they turned off? (People who dictate must be able to: WCAG 2.2, 2.1.4.)
import { byId, el } from "../shared/dom.js";

const STORE_KEY = "ombud.desk.shortcuts";

/** @typedef {{keys: string[], label: string, run: () => void}} Shortcut */

/** Whether typing belongs to a field rather than to the page. @param {EventTarget | null} target */
export function isTyping(target) {
  const element = /** @type {{tagName?: string, isContentEditable?: boolean, type?: string} | null} */ (/** @type {unknown} */ (target));
  if (!element?.tagName) return false;
  if (element.tagName === "INPUT") return !["checkbox", "radio", "button", "submit"].includes(element.type ?? "");
  return ["TEXTAREA", "SELECT"].includes(element.tagName) || element.isContentEditable === true;
}

/** @param {Shortcut[]} shortcuts @param {() => boolean} is_active */
export function makeShortcuts(shortcuts, is_active) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("help");
  let is_on = localStorage.getItem(STORE_KEY) !== "off";

  const toggle = el("input", { type: "checkbox", id: "shortcuts-on", on: { change: () => {
    is_on = toggle.checked;
    localStorage.setItem(STORE_KEY, is_on ? "on" : "off");
  } } });
  toggle.checked = is_on;
  const open = () => {
    if (!dialog.open) dialog.showModal();
  };
  const all = [...shortcuts, { keys: ["?"], label: "Show this list", run: open }];
  dialog.append(
    el("h2", { id: "help-title" }, "Keyboard shortcuts"),
    el("dl", { class: "keys" }, all.map(({ keys, label }) =>
      el("div", {}, el("dt", {}, keys.map((key) => el("kbd", {}, NAMES[key] ?? key))), el("dd", {}, label)))),
    el("p", { class: "check" }, toggle, el("label", { for: "shortcuts-on" }, "Single keys work outside text fields")),
    el("form", { method: "dialog", class: "buttons" }, el("button", { class: "button primary" }, "Close")));
  byId("open-help").addEventListener("click", open);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !is_active()) return;
    if (event.key === "Escape" && isTyping(event.target)) return /** @type {HTMLElement} */ (event.target).blur();
    if (!is_on || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const shortcut = all.find(({ keys }) => keys.includes(event.key));
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run();
  });
}

/** @type {Record<string, string>} */
const NAMES = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc" };
