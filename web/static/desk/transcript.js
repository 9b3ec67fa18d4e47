// How does a message look to the person at the desk? Inert, and marked with whose words it is.
/** @import { Citation, DeskConversation, DeskNote, Message } from "../shared/types.js" */
import { el, reconcile } from "../shared/dom.js";
import { clockTime } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { linksNotOf, renderMarkdown, safeUrl, webLink } from "../shared/markdown.js";

const NEAR_END_PX = 80;

/** @param {HTMLElement} log */
export function isNearEnd(log) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
}

/** @param {HTMLElement} log @param {DeskConversation} detail */
export function renderTranscript(log, detail) {
  const messages = [...detail.messages].sort((a, b) => a.seq - b.seq);
  const notes = (detail.notes ?? []).filter(({ act, note }) => note || !["requested", "taken"].includes(act));
  /** @type {({at: string, key: string} & ({message: Message} | {note: DeskNote}))[]} */
  const entries = messages.map((message) => ({ at: message.at, key: message.id, message }));
  for (const note of notes) {
    const next = entries.findIndex(({ at }) => Date.parse(at) > Date.parse(note.at));
    entries.splice(next < 0 ? entries.length : next, 0, { at: note.at, key: `note ${note.at} ${note.act}`, note });
  }
  reconcile(log, entries, { key: ({ key }) => key, version: (entry) => JSON.stringify(entry),
    build: (entry) => ("note" in entry ? renderNote(entry.note) : renderLine(entry.message, detail.locale, linksNotOf(writtenBefore(entry.message, messages)))) });
}

const ACTS = {
  requested: "A person was asked for", withdrawn: "The customer went on with the AI assistant", kept: "The customer writes with the AI assistant; the case stays here", taken: "{agent} took over", taken_from_colleague: "{agent} took over from {from}",
  reopened: "{agent} opened it again", returned: "{agent} returned it to the AI assistant", resolved: "{agent} resolved it",
};

/** What colleagues did and noted; the customer sees none of it. @param {DeskNote} note */
function renderNote({ at, act, agent = "Somebody", from = "a colleague", note }) {
  return el("div", { class: "line internal" },
    el("p", { class: "line-head" }, el("strong", { dir: "auto" }, ACTS[act].replace("{agent}", agent).replace("{from}", from)),
      el("span", {}, el("span", { class: "tag" }, "Internal"), " ", el("time", { datetime: at }, clockTime(at, "en-GB")))),
    note && el("p", { class: "line-text as-typed", dir: "auto" }, note));
}

/** What the customer wrote before a message, which may repeat it. @param {Message} message @param {Message[]} messages */
function writtenBefore(message, messages) {
  return messages.filter(({ author, seq }) => author === "customer" && seq < message.seq).map(({ text }) => text);
}

/** @param {Message} message @param {string} lang @param {(url: string) => boolean} may_link */
function renderLine(message, lang, may_link) {
  const names = { customer: "Customer", assistant: "AI assistant", agent: message.author_name || "A colleague", system: "Note" };
  return el("div", { class: `line ${message.author}` },
    el("p", { class: "line-head" },
      el("strong", { dir: "auto" }, names[message.author] ?? "Note"), el("time", { datetime: message.at }, clockTime(message.at, "en-GB"))),
    message.author === "customer"
      ? el("p", { class: "line-text as-typed", dir: "auto", lang }, message.text)
      : el("div", { class: "line-text", dir: "auto", lang }, renderMarkdown(message.text, may_link)),
    (message.citations?.length ?? 0) > 0 && el("ul", { class: "line-sources" }, (message.citations ?? []).map((citation) => renderSource(citation, lang))));
}

/** @param {Citation} citation @param {string} lang */
function renderSource({ title, quote, url }, lang) {
  const address = safeUrl(url);
  return el("li", {}, icon("book"), el("details", {}, el("summary", { dir: "auto" }, title),
    el("blockquote", { dir: "auto", lang }, quote), address && webLink("Read the article", address)));
}
