// Which turn does the "What happened" panel show?
/** @import { Turn } from "../shared/types.js" */
import { el } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { renderTurn } from "../shared/stages.js";

/**
 * Follows the newest turn until the reader picks another; goes back to following when they pick the newest.
 * @param {{locale: string, on_select: () => void}} how
 */
export function makeHappened({ locale, on_select }) {
  /** @type {Turn[]} */
  let turns = [];
  let picked = "";
  let shown = "";
  const view = el("div", { class: "happened-view" });
  const position = el("span", { class: "position", role: "status" });
  const earlier = el("button", { type: "button", class: "button quiet small", on: { click: () => step(-1) } }, "Earlier");
  const later = el("button", { type: "button", class: "button quiet small", on: { click: () => step(1) } }, "Later");
  const pager = el("div", { class: "pager" }, earlier, position, later);
  const nothing = el("div", { class: "nothing" }, icon("steps"),
    el("p", {}, "Every message passes nine stages. Send one as a signed-in customer, and each stage shows what it did, why, and how long it took."));
  const body = el("div", { class: "panel-body happened" },
    el("header", { class: "panel-head" }, el("h2", {}, "What happened"), el("span", { class: "tag" }, "Demo and staff only")),
    pager, nothing, view);

  const index = () => {
    const at = turns.findIndex(({ turn_id }) => turn_id === picked);
    return at < 0 ? turns.length - 1 : at;
  };

  /** @param {number} by */
  function step(by) {
    select(turns[Math.min(turns.length - 1, Math.max(0, index() + by))]?.turn_id ?? "");
    on_select();
  }

  /** @param {string} turn_id */
  function select(turn_id) {
    picked = turn_id === turns.at(-1)?.turn_id ? "" : turn_id;
    draw();
  }

  function draw() {
    const at = index();
    const turn = turns[at];
    pager.hidden = turns.length < 2;
    nothing.hidden = turn !== undefined;
    position.textContent = turn ? `Turn ${at + 1} of ${turns.length}` : "";
    earlier.setAttribute("aria-disabled", String(at <= 0));
    later.setAttribute("aria-disabled", String(at >= turns.length - 1));
    const version = turn ? `${turn.turn_id} ${turn.stages.length}` : "";
    if (version === shown) return;
    shown = version;
    view.replaceChildren(...(turn ? [renderTurn(turn, locale)] : []));
    body.scrollTop = 0;
  }

  draw();
  return {
    body,
    select,
    selected: () => turns[index()]?.turn_id ?? "",
    /** @param {Turn[]} news oldest first */
    update(news) {
      turns = news;
      draw();
    },
  };
}
