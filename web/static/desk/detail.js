// What is open at the desk? Head with what can be done, then messages, context and stages, then the reply.
/** @import { DeskConversation } from "../shared/types.js" */
/** @import { Desk } from "./state.js" */
import { append, el, show } from "../shared/dom.js";
import { languageName, words } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { contextAge, customerName, renderBrief, renderContext } from "./context.js";
import { renderHappened } from "./happened.js";
import { makeReply } from "./reply.js";
import { makeTabs } from "./tabs.js";
import { lostText } from "./state.js";
import { makeTranscript } from "./transcript.js";

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
 * @property {(verb: "note"|"return"|"resolve") => void} on_finish
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
  const transcript = makeTranscript();
  const context_pane = el("div", { class: "pane context", tabindex: "0" });
  const stages_pane = el("div", { class: "pane stages-pane", tabindex: "0" });
  const tabs = makeTabs("Parts of the conversation", [
    { id: "transcript", label: "Conversation", pane: transcript.pane },
    { id: "context", label: "Context", pane: context_pane },
    { id: "stages", label: "What happened", pane: stages_pane },
  ], (id) => { if (id === "transcript") transcript.onShown(); });
  const reply = makeReply(desk, transcript.toEnd);
  const locked = el("p", { class: "locked" });
  const nothing = el("div", { class: "nothing" }, icon("inbox"), el("h2", {}, "No conversation open"), el("p", {}, "Choose one from the inbox to see everything about it."));
  const loading = el("p", { class: "nothing" }, "Loading…");
  const brief = el("section", { class: "brief", "aria-label": "In short", tabindex: "0" });
  const whole = el("div", { class: "whole" }, head.node, brief, tabs.list, transcript.pane, context_pane, stages_pane, reply.form, locked);
  append(place, nothing, loading, whole);
  const drawContext = onlyIfChanged((/** @type {DeskConversation} */ detail) => JSON.stringify([detail.id, detail.handover ?? null, detail.status, detail.previous ?? [], detail.told ?? [], detail.notes ?? [], desk.records ?? null, contextAge(detail)]), (detail) => {
    for (const place of [context_aside, context_pane]) renew(place, renderContext(detail, desk.records));
    brief.replaceChildren(...renderBrief(detail, desk.records));
  });
  const drawStages = onlyIfChanged((/** @type {DeskConversation} */ { id, turns = [], notes = [], messages }) => `${id} ${turns.length} ${notes.length} ${messages.length}`, (detail) => {
    renew(stages_pane, renderHappened(detail));
  });
  let shown_id = "";

  /** @param {DeskConversation} detail */
  function draw(detail) {
    if (shown_id !== detail.id) {
      shown_id = detail.id;
      tabs.select("transcript");
    }
    head.update(detail);
    drawReply(detail);
    tabs.mark("transcript", transcript.draw(detail));
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
    draft: () => reply.draftOf(desk.selected_id),
    dropDraft: () => reply.drop(desk.selected_id),
    focusHead: () => head.focus(),
    focusContext() {
      if (context_aside.offsetParent !== null) return context_aside.focus();
      tabs.select("context");
      context_pane.focus();
    },
    focusReply: () => (desk.is_mine ? reply.focus() : head.focusTake()),
    toggleStages: () => tabs.select(tabs.current() === "stages" ? "transcript" : "stages"),
  };
}

/** @param {Desk} desk @param {How} how */
function makeHead(desk, { on_close, on_finish, on_take }) {
  const title = el("h2", { dir: "auto", tabindex: "-1" });
  const status = el("p", { class: "detail-status" });
  const take = el("button", { type: "button", class: "button primary", "aria-keyshortcuts": "t", on: { click: on_take } }, icon("person"), el("span", {}, "Take over"));
  const give_back = el("button", { type: "button", class: "button", "aria-keyshortcuts": "b", on: { click: () => on_finish("return") } }, "Return to AI");
  const resolve = el("button", { type: "button", class: "button", "aria-keyshortcuts": "e", on: { click: () => on_finish("resolve") } }, icon("check"), "Resolve");
  const note = el("button", { type: "button", class: "button", "aria-keyshortcuts": "n", on: { click: () => on_finish("note") } }, "Note");
  const back = el("button", { type: "button", class: "button quiet small back", on: { click: on_close } }, icon("back"), "Inbox");
  const node = el("header", { class: "detail-head" }, back, el("div", { class: "detail-title" }, title, status), el("div", { class: "detail-actions" }, take, note, give_back, resolve));
  return {
    node,
    focus: () => title.focus(),
    focusTake: () => take.focus(),
    /** @param {DeskConversation} detail */
    update(detail) {
      title.textContent = customerName(detail, desk.records) || desk.listed_name || "Not identified";
      const assignee = detail.status === "with_agent" ? detail.assignee : "";
      const reason = detail.handover?.reason_code ? words(detail.handover.reason_code) : "";
      status.textContent = [STATUS_WORDS[detail.status], assignee, reason, languageName(detail.locale)].filter(Boolean).join(" · ");
      show(take, desk.can_take !== undefined);
      const label = take.querySelector("span");
      const verb = TAKE_WORDS[desk.can_take ?? "queue"].replace("{name}", detail.assignee ?? "a colleague");
      if (label && label.textContent !== verb) label.textContent = verb;
      take.classList.toggle("primary", desk.can_take === "queue");
      show(give_back, desk.is_mine);
      show(resolve, desk.is_mine);
      for (const button of [take, note, give_back, resolve]) button.setAttribute("aria-disabled", String(desk.is_acting));
    },
  };
}

/** Puts new parts in place of the old; what somebody has opened stays open. @param {HTMLElement} place @param {HTMLElement[]} parts */
function renew(place, parts) {
  const folds = () => /** @type {HTMLDetailsElement[]} */ ([...place.querySelectorAll("details[data-fold]")]);
  const opened = new Set(folds().filter(({ open }) => open).map(({ dataset }) => dataset.fold));
  place.replaceChildren(...parts);
  for (const fold of folds()) fold.open = opened.has(fold.dataset.fold);
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
