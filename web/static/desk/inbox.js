// Who waits? One row per conversation, the most urgent on top.
/** @import { DeskRow } from "../shared/types.js" */
/** @import { Desk, Filter } from "./state.js" */
import { byId, el, reconcile, show } from "../shared/dom.js";
import { elapsed, languageName, words } from "../shared/format.js";
import { icon } from "../shared/icons.js";

const COUNT_MAX = 99;

/** @type {[Filter, string, string][]} */
export const FILTERS = [
  ["waiting", "Waiting", "Nobody is waiting. New hand-overs appear here by themselves."],
  ["mine", "Mine", "You have taken no conversation."],
  ["with_agent", "Colleagues", "No colleague has a conversation right now."],
  ["open", "AI", "The AI assistant has no open conversation."],
  ["resolved", "Resolved", "Nothing has been resolved yet."],
];

/** @param {Desk} desk @param {(id: string) => void} on_open */
export function makeInbox(desk, on_open) {
  const filters = byId("filters");
  const rows = byId("rows");
  filters.append(...FILTERS.map(([filter, label]) =>
    el("button", { type: "button", class: "filter", data: { filter }, on: { click: () => void desk.show(filter) } }, el("span", {}, label), el("span", { class: "number" }), el("span", { class: "unread", hidden: true }, el("span", { class: "vh" }, "New messages")))));
  byId("more").addEventListener("click", () => void desk.loadMore());

  return {
    update() {
      for (const button of /** @type {HTMLElement[]} */ ([...filters.children])) {
        const is_on = button.dataset.filter === desk.filter;
        button.setAttribute("aria-pressed", String(is_on));
        const number = button.querySelector(".number");
        if (number) number.textContent = numberOf(desk, button.dataset.filter ?? "");
        const dot = /** @type {HTMLElement | null} */ (button.querySelector(".unread"));
        if (dot) show(dot, button.dataset.filter === "mine" && desk.unread_mine > 0);
      }
      reconcile(rows, desk.rows, {
        key: ({ id }) => id,
        version: (row) => JSON.stringify([row, desk.isUnread(row), age(row)]),
        build: (row) => renderRow(row, desk, on_open),
      });
      markSelected(rows, desk.selected_id);
      byId("more-count").textContent = desk.next_cursor ? `${desk.rows.length} of ${desk.counts[desk.filter] ?? ""}` : "";
      const empty = FILTERS.find(([filter]) => filter === desk.filter)?.[2] ?? "";
      const is_empty = desk.rows.length === 0;
      byId("inbox-empty").replaceChildren(...(!is_empty ? [] : desk.is_loading ? [el("p", {}, "Loading…")] : [icon("inbox"), el("p", {}, empty), ownInstead(desk)]));
      show(byId("inbox-empty"), is_empty);
      show(rows, !is_empty);
      show(byId("more-line"), desk.next_cursor !== "");
    },
    /** Opens the row `by` places further. @param {number} by */
    step(by) {
      const index = desk.rows.findIndex(({ id }) => id === desk.selected_id);
      const row = desk.rows[Math.max(0, Math.min(desk.rows.length - 1, index < 0 ? 0 : index + by))];
      if (row) on_open(row.id);
    },
  };
}

/** Where nobody waits, the way to one's own conversations. @param {Desk} desk */
function ownInstead(desk) {
  const count = desk.mine.length;
  if (desk.filter !== "waiting" || count === 0) return "";
  const text = `${count === 1 ? "One conversation is" : `${count} conversations are`} yours${desk.unread_mine > 0 ? ", with new messages" : ""}`;
  return el("button", { type: "button", class: "button small", on: { click: () => void desk.show("mine") } }, text);
}

/** The selection changes in place, so that the row just pressed keeps the focus. @param {HTMLElement} rows @param {string} selected_id */
function markSelected(rows, selected_id) {
  for (const item of /** @type {HTMLElement[]} */ ([...rows.children])) {
    const button = item.querySelector("button");
    if (item.dataset.key === selected_id) {
      if (button?.getAttribute("aria-current") !== "true") item.scrollIntoView({ block: "nearest" });
      button?.setAttribute("aria-current", "true");
    } else button?.removeAttribute("aria-current");
  }
}

/** How many there are in all; three digits at most, so that no tab moves. @param {Desk} desk @param {string} filter */
function numberOf(desk, filter) {
  const count = desk.counts[/** @type {Filter} */ (filter)] ?? 0;
  return count > COUNT_MAX ? `${COUNT_MAX}+` : String(count || "");
}

/** How long somebody waits, or how long ago something happened last. @param {DeskRow} row */
function age({ status, waiting_since, updated_at }) {
  const since = status === "waiting_for_agent" ? waiting_since : updated_at;
  return since ? elapsed(since, Date.now(), "en") : "";
}

/** The line of a summary that differs from those of others: the customer's own words, where it quotes them. @param {string} summary */
export function pointOf(summary) {
  const lines = summary.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const quoted = lines.find((line) => /[“"].{3,}[”"]/.test(line));
  return quoted ? quoted.slice(quoted.search(/[“"]/)) : lines.join(" ");
}

/** @param {DeskRow} row @param {Desk} desk @param {(id: string) => void} on_open */
function renderRow(row, desk, on_open) {
  const waits = row.status === "waiting_for_agent";
  const time = age(row);
  return el("li", {}, el("button", { type: "button", class: "row", on: { click: () => on_open(row.id) } },
    el("span", { class: "row-head" },
      el("span", { class: "row-name", dir: "auto" }, row.customer_name || "Not identified"),
      desk.isUnread(row) && el("span", { class: "unread" }, el("span", { class: "vh" }, "New message")),
      time && el("span", { class: "waited" }, waits && icon("clock"), waits ? el("span", { class: "vh" }, "Waiting ") : "", waits ? time : `${time} ago`)),
    el("span", { class: "row-tags" },
      row.priority === "high" && el("span", { class: "tag high" }, "High priority"),
      row.reason_code && el("span", { class: "tag" }, words(row.reason_code)),
      row.locale && el("span", { class: "tag" }, languageName(row.locale)),
      row.assignee && el("span", { class: "tag" }, row.assignee)),
    el("span", { class: "row-summary", dir: "auto" }, (waits && row.summary && pointOf(row.summary)) || row.last_message || row.summary || "No message yet")));
}
