// What happened in a conversation, in plain words? Per turn the customer's words and what came of them, and between them what people did.
/** @import { DeskConversation, DeskNote, Message, Stage, Turn } from "../shared/types.js" */
import { el } from "../shared/dom.js";
import { clockTime, words } from "../shared/format.js";
import { renderTurn } from "../shared/stages.js";
import { actText } from "./transcript.js";

const LOCALE = "en-GB";
/** Below this, a reading was a guess. */
const SURE = 0.5;

/** @typedef {Record<string, any>} Fields what a stage notes is for people, and may change: everything in it may be missing */

/** The newest on top, its technical detail folded. @param {DeskConversation} detail @returns {HTMLElement[]} */
export function renderHappened({ turns = [], messages, notes = [] }) {
  const said = messages.filter(({ author }) => author === "agent");
  const entries = [
    ...turns.map((turn) => ({ at: turn.at, build: () => renderPlainTurn(turn, messages) })),
    ...notes.map((note) => ({ at: note.at, build: () => renderAct(note) })),
    ...said.map((message) => ({ at: message.at, build: () => renderReply(message) })),
  ].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return entries.length === 0 ? [el("p", { class: "quiet-text" }, "Nothing has happened yet.")] : entries.map(({ build }) => build());
}

/** @param {Turn} turn @param {Message[]} messages */
function renderPlainTurn(turn, messages) {
  const customer = wordsOf(turn, messages);
  return el("section", { class: "happening" },
    el("h3", { class: "happening-head" },
      el("span", { dir: "auto" }, customer === undefined ? unasked(turn) : `“${customer}”`), el("time", { class: "quiet-text", datetime: turn.at }, clockTime(turn.at))),
    el("ul", { class: "sentences" }, plainSentences(turn, messages).map((sentence) => el("li", { dir: "auto" }, sentence))),
    el("details", { data: { fold: turn.turn_id } }, el("summary", {}, "Technical detail"), renderTurn(turn, LOCALE)));
}

/** @param {DeskNote} act */
function renderAct(act) {
  return el("section", { class: "happening by-people" },
    el("h3", { class: "happening-head" }, el("span", { dir: "auto" }, actText(act)), el("time", { class: "quiet-text", datetime: act.at }, clockTime(act.at))),
    act.note && el("p", { class: "as-typed", dir: "auto" }, act.note));
}

/** @param {Message} message */
function renderReply({ author_name = "A colleague", text, at }) {
  return el("section", { class: "happening by-people" },
    el("h3", { class: "happening-head" }, el("span", { dir: "auto" }, `${author_name} wrote to the customer`), el("time", { class: "quiet-text", datetime: at }, clockTime(at))),
    el("p", { class: "as-typed", dir: "auto" }, text));
}

/** The customer's words that a turn was about. @param {Turn} turn @param {Message[]} messages */
export function wordsOf({ turn_id, at }, messages) {
  const own = messages.find((message) => message.author === "customer" && message.turn_id === turn_id);
  if (own) return own.text;
  // Conversations of earlier releases do not say which message a turn was about.
  const told = messages.some((message) => message.author === "customer" && message.turn_id);
  const before = told ? [] : messages.filter((message) => message.author === "customer" && Date.parse(message.at) <= Date.parse(at));
  return before.at(-1)?.text;
}

/** What a turn was about that nobody wrote for. @param {Turn} turn */
function unasked({ stages }) {
  const intake = stages.find(({ stage }) => stage === "intake")?.summary ?? "";
  if (intake.includes("timer")) return "The customer said nothing";
  if (intake.includes("report")) return "The company’s systems reported something";
  return intake.includes("code") ? "The customer entered a one-time code" : "Without a message";
}

/** @param {Turn} turn @param {Message[]} messages @returns {string[]} */
export function plainSentences({ turn_id, stages }, messages) {
  const titles = new Map(messages.filter((message) => message.turn_id === turn_id)
    .flatMap(({ citations = [] }) => citations.map(({ article_id, title }) => /** @type {const} */ ([article_id, title]))));
  const last = stages.filter(({ stage }) => stage === "decision").at(-1);
  const sentences = stages.flatMap((stage) => sentencesOf(stage, stage === last, titles));
  return sentences.length > 0 ? [...new Set(sentences)] : ["Answered without looking anything up."];
}

/** @param {Stage} stage @param {boolean} is_last_decision @param {Map<string, string>} titles @returns {string[]} */
function sentencesOf({ stage, summary, detail = {} }, is_last_decision, titles) {
  const fields = /** @type {Fields} */ (detail);
  switch (stage) {
    case "safety": return safety(fields);
    case "understanding": return list(fields.commands).map(understood).filter((text) => text !== "");
    case "context": return list(fields.questions).map(({ article }) => (article ? `Found an answer in the article “${titles.get(article) ?? words(String(article))}”.` : "Found no article that answers."));
    case "action": return acted(fields);
    case "decision": return is_last_decision ? decided(fields) : [];
    case "record": return summary.startsWith("kept") ? ["Kept for the person who answers."] : [];
    default: return [];
  }
}

/** @param {unknown} value @returns {Fields[]} */
function list(value) {
  return Array.isArray(value) ? value.filter((one) => typeof one === "object" && one !== null) : [];
}

/** @param {Fields} fields */
function safety({ removed, signals }) {
  const named = (/** @type {unknown} */ names) => (Array.isArray(names) ? names.map((name) => words(String(name)).toLowerCase()).join(", ") : "");
  return [named(removed) && `Removed before anything was kept: ${named(removed)}.`, named(signals) && `Noticed: ${named(signals)}.`].filter((text) => text !== "");
}

/** @param {Fields} command */
function understood({ command, flow, flows, slot, confidence }) {
  const name = (/** @type {unknown} */ one) => words(String(one ?? "")).toLowerCase();
  switch (command) {
    case "start_flow": return `Understood as: ${name(flow)}${Number(confidence) < SURE ? ", not surely" : ""}.`;
    case "set_slot": return `Taken as the answer to: ${name(slot)}.`;
    case "correct": return "Taken as a correction.";
    case "affirm": return "The customer said yes.";
    case "deny": return "The customer said no.";
    case "cancel": return "The customer stopped the request.";
    case "ask": return "Read as a question.";
    case "ask_colleague": return "Asked what a colleague had said, or for news.";
    case "choose": return "The customer picked one of the choices.";
    case "handoff": return "The customer asked for a person.";
    case "clarify": return `Unclear: ${Array.isArray(flows) ? flows.map(name).join(" or ") : "several readings"}.`;
    case "repeat": return "The customer asked to hear it again.";
    case "cannot_read": return "Not understood.";
    default: return "";
  }
}

/** @param {Fields} fields */
function acted({ action, outcome }) {
  const name = words(String(action ?? "")).toLowerCase();
  if (!name) return [];
  const word = typeof outcome === "string" ? outcome : outcome?.outcome;
  const receipt = outcome?.receipt?.receipt_id ? `, receipt ${outcome.receipt.receipt_id}` : "";
  switch (word) {
    case "found": case undefined: return [`Looked up: ${name.replace(/^(list|get|find) /, "")}.`];
    case "done": return [`Did: ${name}${receipt}.`];
    case "refused": return [`The company’s system refused: ${name}${outcome?.reason_code ? ` (${words(outcome.reason_code).toLowerCase()})` : ""}.`];
    case "unknown": return [`It is not known whether this was done: ${name}.`];
    default: return [`Did not work: ${name} (${words(String(word)).toLowerCase()}).`];
  }
}

/** @param {Fields} fields */
function decided({ awaiting = {}, refused, reasons }) {
  const refusals = list(refused).map(({ flow, reason_code }) => `Not allowed: ${words(String(flow ?? "")).toLowerCase()} (${words(String(reason_code ?? "")).toLowerCase()}).`);
  const handed = Array.isArray(reasons) ? reasons.find((reason) => String(reason).startsWith("handed over: ")) : undefined;
  if (handed) return [...refusals, `Passed to a person: ${words(String(handed).slice("handed over: ".length)).toLowerCase()}.`];
  if (awaiting.kind === "confirm") return [...refusals, "Proposed it and waits for the customer’s yes; nothing is done before."];
  if (awaiting.slot && ["slot", "choice", "identify"].includes(awaiting.kind)) return [...refusals, `Asked for: ${words(String(awaiting.slot)).toLowerCase()}.`];
  return refusals;
}
