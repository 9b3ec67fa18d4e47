// What is open at the desk? Head with what can be done, then messages, context and stages, then the reply.
/** @import { DeskConversation } from "../shared/types.js" */
/** @import { Desk } from "./state.js" */
import { append, el, show } from "../shared/dom.js";
import { clockTime, languageName } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { renderTurn } from "../shared/stages.js";
import { customerName, renderContext } from "./context.js";
import { makeReply } from "./reply.js";
import { makeTabs } from "./tabs.js";
import { isNearEnd, renderTranscript } from "./transcript.js";

const STATUS_WORDS = { open: "With the AI assistant", waiting_for_agent: "Waiting for a person", with_agent: "With a person", resolved: "Resolved" };

const TAKE_WORDS = { queue: "Take over", colleague: "Take over from {name}", closed: "Reopen" };
const LOCKED = {
  queue: "Take over to reply. The customer is told that a person has joined.",
  colleague: "{name} has this conversation.",
  closed: "This conversation is resolved. Reopen it to write to the customer again.",
};

/**
 * @typedef {object} How
 * @property {() => void} on_close
 * @property {(verb: "return"|"resolve") => void} on_finish
 * @property {() => void} on_take
 */

/**
 * @param {HTMLElement} place
 * @param {HTMLElement} context_aside
 * @param {Desk} desk
 * @param {How} how
 */
export function makeDetail(place, context_aside, desk, how) {
  const head = makeHead(desk, how);
  const log = el("div", { class: "transcript", role: "log", "aria-label": "Messages", tabindex: "0" });
  const context_pane = el("div", { class: "pane context", tabindex: "0" });
  const stages_pane = el("div", { class: "pane stages-pane", tabindex: "0" });
  const tabs = makeTabs("Parts of the conversation", [
    { id: "transcript", label: "Conversation", pane: el("div", { class: "pane" }, log) },
    { id: "context", label: "Context", pane: context_pane },
    { id: "stages", label: "What happened", pane: stages_pane },
  ]);
  const reply = makeReply(desk);
  const locked = el("p", { class: "locked" });
  const nothing = el("div", { class: "nothing" }, icon("inbox"), el("h2", {}, "No conversation open"), el("p", {}, "Choose one from the inbox to see everything about it."));
  const loading = el("p", { class: "nothing" }, "Loading…");
  const whole = el("div", { class: "whole" }, head.node, tabs.list, log.parentElement, context_pane, stages_pane, reply.form, locked);
  append(place, nothing, loading, whole);
  const drawContext = onlyIfChanged((/** @type {DeskConversation} */ { id, handover, status, previous = [] }) => JSON.stringify([id, handover ?? null, status, previous]), (detail) => {
    context_aside.replaceChildren(...renderContext(detail));
    context_pane.replaceChildren(...renderContext(detail));
  });
  const drawStages = onlyIfChanged((/** @type {DeskConversation} */ { id, turns = [] }) => `${id} ${turns.length}`, (detail) => {
    stages_pane.replaceChildren(...renderStages(detail));
  });
  let shown_id = "";

  /** @param {DeskConversation} detail */
  function draw(detail) {
    const stays_at_end = isNearEnd(log) || shown_id !== detail.id;
    if (shown_id !== detail.id) tabs.select("transcript");
    shown_id = detail.id;
    head.update(detail);
    reply.showDraftOf(detail.id);
    show(reply.form, desk.is_mine);
    show(locked, !desk.is_mine);
    locked.textContent = LOCKED[desk.can_take ?? "queue"].replace("{name}", detail.assignee ?? "A colleague");
    renderTranscript(log, detail);
    if (stays_at_end) log.scrollTop = log.scrollHeight;
    drawContext(detail);
    drawStages(detail);
  }

  // Where the context stands beside the conversation, it needs no tab.
  matchMedia("(min-width: 64rem)").addEventListener("change", ({ matches }) => {
    if (matches && tabs.current() === "context") tabs.select("transcript");
  });
  return {
    update() {
      const { detail, selected_id } = desk;
      show(nothing, !selected_id);
      show(loading, selected_id !== "" && !detail);
      show(whole, detail !== undefined);
      show(context_aside, detail !== undefined);
      if (detail) draw(detail);
    },
    focusReply: () => (desk.is_mine ? reply.focus() : head.focusTake()),
    toggleStages: () => tabs.select(tabs.current() === "stages" ? "transcript" : "stages"),
  };
}

/** @param {Desk} desk @param {How} how */
function makeHead(desk, { on_close, on_finish, on_take }) {
  const title = el("h2", { dir: "auto" });
  const status = el("p", { class: "detail-status" });
  const take = el("button", { type: "button", class: "button primary", "aria-keyshortcuts": "t", on: { click: on_take } }, icon("person"), el("span", {}, "Take over"));
  const give_back = el("button", { type: "button", class: "button", "aria-keyshortcuts": "b", on: { click: () => on_finish("return") } }, "Return to AI");
  const resolve = el("button", { type: "button", class: "button", "aria-keyshortcuts": "e", on: { click: () => on_finish("resolve") } }, icon("check"), "Resolve");
  const back = el("button", { type: "button", class: "button quiet small back", on: { click: on_close } }, icon("back"), "Inbox");
  const node = el("header", { class: "detail-head" }, back, el("div", { class: "detail-title" }, title, status), el("div", { class: "detail-actions" }, take, give_back, resolve));
  return {
    node,
    focusTake: () => take.focus(),
    /** @param {DeskConversation} detail */
    update(detail) {
      title.textContent = customerName(detail) || "Not identified";
      const assignee = detail.status === "with_agent" ? detail.assignee : "";
      status.textContent = [STATUS_WORDS[detail.status], assignee, languageName(detail.locale)].filter(Boolean).join(" · ");
      show(take, desk.can_take !== undefined);
      const label = take.querySelector("span");
      const verb = TAKE_WORDS[desk.can_take ?? "queue"].replace("{name}", detail.assignee ?? "a colleague");
      if (label && label.textContent !== verb) label.textContent = verb;
      take.classList.toggle("primary", desk.can_take === "queue");
      show(give_back, desk.is_mine);
      show(resolve, desk.is_mine);
      for (const button of [take, give_back, resolve]) button.setAttribute("aria-disabled", String(desk.is_acting));
    },
  };
}

/**
 * @template T
 * @param {(value: T) => string} version
 * @param {(value: T) => void} run
 */
function onlyIfChanged(version, run) {
  let last = "";
  return (/** @type {T} */ value) => {
    const now = version(value);
    if (now === last) return;
    last = now;
    run(value);
  };
}

/** The newest turn on top and open. @param {DeskConversation} detail @returns {HTMLElement[]} */
function renderStages({ turns = [] }) {
  if (turns.length === 0) return [el("p", { class: "quiet-text" }, "No turn has been recorded yet.")];
  return [...turns].reverse().map((turn, index) => el("details", { class: "turn-block", open: index === 0 },
    el("summary", {}, `Turn ${turns.length - index}`, el("span", { class: "quiet-text" }, ` ${clockTime(turn.at, "en-GB")}`)),
    renderTurn(turn, "en-GB")));
}
