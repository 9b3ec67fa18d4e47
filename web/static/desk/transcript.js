// How does a message look to the person at the desk? Inert, and marked with whose words it is.
/** @import { Citation, DeskConversation, DeskNote, Message } from "../shared/types.js" */
import { el, reconcile, show } from "../shared/dom.js";
import { clockTime } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { linksNotOf, renderMarkdown, safeUrl, webLink } from "../shared/markdown.js";

const NEAR_END_PX = 80;

/** The messages, with the newest in view unless somebody has scrolled away from it. */
export function makeTranscript() {
  let sticks = true;
  let shown = { id: "", seq: 0 };
  const fresh = el("button", { type: "button", class: "button small fresh", hidden: true, on: { click: () => toEnd() } }, icon("down"), "New message");
  const log = el("div", { class: "transcript", role: "log", "aria-label": "Messages", tabindex: "0", on: { scroll: () => {
    if (!isVisible()) return; // hidden behind another tab: what it says of its place means nothing
    sticks = isNearEnd(log);
    if (sticks) show(fresh, false);
  } } });
  const isVisible = () => log.clientHeight > 0;

  function toEnd() {
    sticks = true;
    show(fresh, false);
    log.scrollTop = log.scrollHeight;
  }

  return {
    pane: el("div", { class: "pane" }, log, fresh),
    toEnd,
    onShown: () => { if (sticks) toEnd(); },
    /** Gives whether there is something newer than what was in view. @param {DeskConversation} detail */
    draw(detail) {
      const newest = Math.max(0, ...detail.messages.map(({ seq }) => seq));
      if (shown.id !== detail.id) {
        shown = { id: detail.id, seq: newest };
        sticks = true;
      }
      renderTranscript(log, detail);
      const is_newer = newest > shown.seq;
      if (sticks) toEnd();
      else if (is_newer) show(fresh, true);
      if (isVisible()) shown.seq = newest;
      return is_newer && !isVisible();
    },
  };
}

/** @param {HTMLElement} log */
function isNearEnd(log) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
}

/** @param {HTMLElement} log @param {DeskConversation} detail */
function renderTranscript(log, detail) {
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
  reopened: "{agent} opened it again", noted: "Note by {agent}", returned: "{agent} returned it to the AI assistant", resolved: "{agent} resolved it",
  approval_requested: "Colleagues were asked to approve this", approval_given: "{agent} approved it", approval_refused: "{agent} refused it", approval_lapsed: "The approval of {agent} no longer counts",
  approval_used: "It was approved and is carried out", approval_withdrawn: "The customer took it back: nobody approves it any more", approval_expired: "Nobody decided in time: it is not done",
  approval_dropped: "It could not be carried out any more",
};

/** What somebody did, as a sentence. @param {DeskNote} act */
export function actText({ act, agent = "Somebody", from = "a colleague" }) {
  return ACTS[act].replace("{agent}", agent).replace("{from}", from);
}

/** What colleagues did and noted; the customer sees none of it. @param {DeskNote} entry */
function renderNote(entry) {
  const { at, note } = entry;
  return el("div", { class: "line internal" },
    el("p", { class: "line-head" }, el("strong", { dir: "auto" }, actText(entry)),
      el("span", {}, el("span", { class: "tag" }, "Only for colleagues"), " ", el("time", { datetime: at }, clockTime(at)))),
    note && el("p", { class: "line-text as-typed", dir: "auto" }, note));
}

/** What the customer wrote before a message, which may repeat it. @param {Message} message @param {Message[]} messages */
function writtenBefore(message, messages) {
  return messages.filter(({ author, seq }) => author === "customer" && seq < message.seq).map(({ text }) => text);
}

/** @param {Message} message @param {string} lang @param {(url: string) => boolean} may_link */
function renderLine(message, lang, may_link) {
  const names = { customer: "Customer", assistant: "AI assistant", agent: message.author_name || "A colleague", system: "Chat" };
  return el("div", { class: `line ${message.author}` },
    el("p", { class: "line-head" },
      el("strong", { dir: "auto" }, names[message.author] ?? "Chat"), el("time", { datetime: message.at }, clockTime(message.at)),
      message.withheld && el("span", { class: "tag warn" }, "Not sent: shadow mode")),
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
