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
import { lostText } from "./state.js";
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
  /** Whether the newest message is to stay in view. */
  let sticks = true;
  const fresh = el("button", { type: "button", class: "button small fresh", hidden: true, on: { click: () => toEnd() } }, icon("down"), "New message");
  const log = el("div", { class: "transcript", role: "log", "aria-label": "Messages", tabindex: "0", on: { scroll: () => {
    if (log.clientHeight === 0) return; // hidden behind another tab: what it says of its place means nothing
    sticks = isNearEnd(log);
    if (sticks) show(fresh, false);
  } } });
  const context_pane = el("div", { class: "pane context", tabindex: "0" });
  const stages_pane = el("div", { class: "pane stages-pane", tabindex: "0" });
  const tabs = makeTabs("Parts of the conversation", [
    { id: "transcript", label: "Conversation", pane: el("div", { class: "pane" }, log, fresh) },
    { id: "context", label: "Context", pane: context_pane },
    { id: "stages", label: "What happened", pane: stages_pane },
  ], (id) => { if (id === "transcript" && sticks) toEnd(); });
  const reply = makeReply(desk, () => toEnd());
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
  let shown_seq = 0;

  function toEnd() {
    sticks = true;
    show(fresh, false);
    log.scrollTop = log.scrollHeight;
  }

  /** @param {DeskConversation} detail */
  function draw(detail) {
    const newest = Math.max(0, ...detail.messages.map(({ seq }) => seq));
    if (shown_id !== detail.id) {
      shown_id = detail.id;
      shown_seq = newest;
      sticks = true;
      tabs.select("transcript");
    }
    head.update(detail);
    drawReply(detail);
    renderTranscript(log, detail);
    if (sticks) toEnd();
    else if (newest > shown_seq) show(fresh, true);
    tabs.mark("transcript", newest > shown_seq && tabs.current() !== "transcript");
    shown_seq = tabs.current() === "transcript" ? newest : shown_seq;
    drawContext(detail);
    drawStages(detail);
  }

  /** Whoever loses a conversation while writing keeps the box, the draft and the focus; only sending is over. @param {DeskConversation} detail */
  function drawReply(detail) {
    reply.showDraftOf(detail.id);
    const is_lost = desk.lost?.id === detail.id;
    const stays = desk.is_mine || (is_lost && reply.isInUse());
    reply.bar(desk.is_mine ? "" : `${lostText(detail)} Your draft is kept and was not sent.`);
    show(reply.form, stays);
    show(locked, !stays);
    const text = LOCKED[desk.can_take ?? "queue"].replace("{name}", detail.assignee ?? "A colleague");
    locked.textContent = is_lost ? `${lostText(detail)} ${desk.can_take === "colleague" ? "" : text}`.trim() : text;
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
    hasDraft: () => reply.hasDraft(desk.selected_id),
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
