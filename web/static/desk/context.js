// What must a person know before taking over? Who, why, what was tried, on what grounds, and what comes next.
/** @import { DeskConversation, DeskRecords, DeskRow, Handover, HandoverAction, ToldFact } from "../shared/types.js" */
import { el, ownLines } from "../shared/dom.js";
import { clockTime, elapsed, words } from "../shared/format.js";
import { safeUrl, webLink } from "../shared/markdown.js";
import { plainText, renderValue } from "../shared/record.js";
import { byRecordId, facts, fold, overdueOf, readable, renderLists, titleOf } from "./records.js";
import { actText } from "./transcript.js";

const LOCALE = "en";
/** Facts of a customer that are read first; the others are folded. */
const FACTS_FIRST = ["market", "email", "phone", "status", "customer_since"];
const STATUS_WORDS = { open: "with the AI assistant", waiting_for_agent: "waiting", with_agent: "with a person", resolved: "resolved" };
const LEVEL_TAGS = /** @type {Record<string, string>} */ ({ verified: "tag good", identified: "tag", anonymous: "tag warn" });
const STATE_TAGS = /** @type {Record<string, string>} */ ({ done: "tag good", executed: "tag good", failed: "tag high", refused: "tag warn", unknown: "tag warn" });

/**
 * What matters first: what is asked and open, what was done, who it is, what the company's systems hold; the rest folded.
 * @param {DeskConversation} conversation
 * @param {DeskRecords=} records as read just now
 * @returns {HTMLElement[]}
 */
export function renderContext(conversation, records) {
  const { handover, status, previous = [], told = [] } = conversation;
  const labels = { ...records?.labels, ...handover?.labels };
  const is_with_people = status === "waiting_for_agent" || status === "with_agent";
  const parts = [
    handover ? why(handover, is_with_people) : nobody(conversation),
    handover && is_with_people ? aboutToDo(handover) : undefined,
    handover && is_with_people ? nextStep(handover) : undefined,
    approvals(conversation),
    overdue(records),
    handover ? actions(handover.actions ?? []) : undefined,
    who(conversation, records, labels),
    remembered(told),
    handover ? about(handover, records, labels) : undefined,
    held(records),
    earlier(previous),
    handover ? known(handover.near ?? [], handover.sources ?? []) : undefined,
  ];
  return parts.filter((part) => part !== undefined);
}

/**
 * What comes before everything else where the context has no room of its own: why it is here, what is overdue, what comes next.
 * @param {DeskConversation} conversation
 * @param {DeskRecords=} records
 * @returns {HTMLElement[]}
 */
export function renderBrief({ handover, status }, records) {
  if (!handover || (status !== "waiting_for_agent" && status !== "with_agent")) return [];
  const { sums } = overdueOf(records);
  const next = handover.proposal ? `Was about to: ${handover.proposal}` : plainText(handover.proposed_next_step, LOCALE) ?? "";
  return [
    el("div", { class: "tags" },
      handover.reason_code && el("span", { class: "tag strong" }, words(handover.reason_code)),
      handover.priority === "high" && el("span", { class: "tag high" }, "High priority"),
      sums.length > 0 && el("span", { class: "tag high" }, `Overdue: ${sums.join(", ")}`)),
    ...(handover.summary ? [el("p", { class: "brief-text" }, ownLines(handover.summary))] : []),
    ...(next && next !== "—" ? [el("p", { class: "brief-next", dir: "auto" }, el("strong", {}, "Next: "), next)] : []),
  ];
}

/** What the context shows that passes with time, so that it is drawn again when it does. @param {DeskConversation} conversation */
export function contextAge({ handover }) {
  return handover?.requested_at ? elapsed(handover.requested_at, Date.now(), LOCALE) : "";
}

/** The customer's name, under one of the usual names of a record. @param {DeskConversation} conversation @param {DeskRecords=} records */
export function customerName({ handover }, records) {
  return nameOf(records?.customer ?? {}) || nameOf(handover?.customer ?? {});
}

/** @param {Record<string, unknown>} record */
function nameOf(record) {
  const nested = typeof record.name === "object" && record.name !== null ? /** @type {Record<string, unknown>} */ (record.name) : record;
  if (typeof record.name === "string") return record.name;
  return [nested.first_name, nested.last_name].filter((part) => typeof part === "string").join(" ");
}

/** @param {string} title @param {...(Node | string | null | false | undefined)} children */
function section(title, ...children) {
  return el("section", { class: "part" }, el("h3", {}, title), children);
}

/** @param {DeskConversation} conversation @param {DeskRecords | undefined} records @param {Record<string, string>} labels */
function who(conversation, records, labels) {
  const { handover } = conversation;
  const record = /** @type {Record<string, unknown>} */ (records?.customer ?? handover?.customer ?? {});
  const identity_level = records?.identity_level ?? handover?.identity_level ?? "anonymous";
  const first = Object.fromEntries(FACTS_FIRST.filter((name) => record[name] !== undefined).map((name) => [name, record[name]]));
  const rest = facts(record, labels, [...FACTS_FIRST, "name", "first_name", "last_name"]);
  return el("section", { class: "part who" },
    el("div", { class: "who-head" },
      el("h3", { dir: "auto" }, nameOf(record) || "Not identified"),
      el("span", { class: LEVEL_TAGS[identity_level] ?? "tag" }, `Identity: ${identity_level}`)),
    facts(first, labels),
    rest.length > 0 && fold("More about the customer", rest));
}

/** What the customer asked to have kept in mind, whatever the conversation. @param {ToldFact[]} told */
function remembered(told) {
  if (told.length === 0) return undefined;
  return el("section", { class: "part" },
    el("h3", {}, "To keep in mind", el("span", { class: "caution" }, "told by the customer, not verified")),
    el("ul", { class: "source-list" }, told.map(({ label, purpose, sensitive, at, until }) => el("li", { dir: "auto" },
      el("strong", {}, label), " ",
      sensitive && el("span", { class: "tag warn" }, "Sensitive"),
      el("span", { class: "quiet-text" }, ` ${purpose}; told ${readable(at)}, kept until ${readable(until)}`)))));
}

/** @param {DeskConversation} conversation */
function nobody({ status }) {
  return section("No person was asked for", el("p", {}, status === "open"
    ? "The AI assistant has this conversation. You can take over at any time."
    : "There is no hand-over for this conversation."));
}

/** @param {Handover} handover @param {boolean} is_with_people */
function why({ reason_code, priority, summary, sentiment, requested_at }, is_with_people) {
  const mood = plainText(sentiment, LOCALE);
  return el("section", { class: "part" },
    el("h3", {}, is_with_people ? "Why it came to you" : "Why it came to a person", summary && el("span", { class: "caution" }, "AI summary; claims not verified")),
    el("div", { class: "tags" },
      reason_code && el("span", { class: "tag strong" }, words(reason_code)),
      priority === "high" && el("span", { class: "tag high" }, "High priority"),
      sentiment !== undefined && mood && mood !== "neutral" && el("span", { class: "tag high" }, `Mood: ${mood}`),
      requested_at && el("span", { class: "tag" }, `Asked ${elapsed(requested_at, Date.now(), LOCALE)} ago`)),
    summary && el("p", { class: "summary-text" }, ownLines(summary)));
}

/** @param {Handover} handover */
function aboutToDo({ proposal }) {
  if (!proposal) return undefined;
  return el("section", { class: "part next-step" }, el("h3", {}, "What the assistant was about to do"), el("p", { dir: "auto" }, proposal),
    el("p", { class: "quiet-text" }, "Not done. Only the customer’s own yes to the assistant runs it: return the conversation so that it goes on where it was."));
}

/** @param {Handover} handover */
function nextStep({ proposed_next_step }) {
  if (!proposed_next_step) return undefined;
  return el("section", { class: "part next-step" }, el("h3", {}, "Proposed next step"), el("div", { dir: "auto" }, renderValue(proposed_next_step, LOCALE)));
}

/**
 * What the case is about: records of the company as they stand now, and what the customer said.
 * @param {Handover} handover
 * @param {DeskRecords | undefined} records
 * @param {Record<string, string>} labels
 */
function about({ slots: known = {} }, records, labels) {
  const entries = Object.entries(known).filter(([name, value]) => value !== null && value !== "" && (typeof value !== "boolean" || labels[name] !== undefined));
  const said = entries.filter(([, value]) => typeof value !== "object");
  const found = entries.filter(([, value]) => typeof value === "object");
  if (entries.length === 0) return undefined;
  const fresh = byRecordId(records);
  const one = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    const record = /** @type {Record<string, unknown>} */ (value);
    const newest = fresh.get(String(record.id));
    return fold(`${labels[name] ?? words(name)}: ${newest?.title || titleOf(record)}`, facts({ ...record, ...newest?.record }, labels));
  };
  return el("section", { class: "part" },
    said.length > 0 && el("h3", {}, "What is known", el("span", { class: "caution" }, "told by the customer, not verified")),
    said.length > 0 && facts(Object.fromEntries(said), labels),
    found.length > 0 && el("h3", {}, "What it is about", el("span", { class: "source-of" }, "from the company’s records")),
    found.flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((part) => one(name, part))));
}

/** Who was asked to approve what, who has, and who has not. @param {DeskConversation} conversation */
function approvals({ notes = [] }) {
  const list = notes.filter(({ act }) => act.startsWith("approval_"));
  if (list.length === 0) return undefined;
  return section("Approvals", el("ul", { class: "decisions" }, list.map((note) => el("li", {},
    el("strong", { dir: "auto" }, actText(note)), el("time", { class: "quiet-text", datetime: note.at }, ` ${readable(note.at) ?? ""}`),
    note.note && el("span", { class: "decided-on", dir: "auto" }, note.note)))));
}

/** What is overdue is not folded away. @param {DeskRecords=} records */
function overdue(records) {
  const { lines, sums } = overdueOf(records);
  if (lines.length === 0) return undefined;
  return el("section", { class: "part" }, el("h3", {}, "Overdue", sums.length > 0 && el("span", { class: "tag high" }, sums.join(", "))),
    el("ul", { class: "overdue" }, lines.map((line) => el("li", { dir: "auto" }, line))));
}

/** @param {DeskRecords=} records */
function held(records) {
  const lists = records ? renderLists(records) : [];
  if (!records || lists.length === 0) return undefined;
  return el("section", { class: "part" }, el("h3", {}, "The company’s records", el("span", { class: "source-of" }, `read at ${clockTime(records.at)}`)), lists);
}

/** @param {DeskRow[]} rows */
function earlier(rows) {
  if (rows.length === 0) return undefined;
  return section("Earlier conversations", el("ul", { class: "earlier" }, rows.map((row) => el("li", {},
    el("a", { href: `#${row.id}` }, row.reason_code ? words(row.reason_code) : "Without a person"),
    el("span", { class: "quiet-text" }, ` ${STATUS_WORDS[row.status]}${row.updated_at ? `, ${readable(row.updated_at)}` : ""}`)))));
}

/** @param {HandoverAction[]} list */
function actions(list) {
  return el("section", { class: "part" }, el("h3", {}, "What was done"),
    list.length === 0 && el("p", { class: "quiet-text" }, "No action was tried."),
    el("ul", { class: "actions" }, list.map((action) => el("li", {},
      el("strong", {}, words(action.action)),
      el("span", { class: STATE_TAGS[action.state] ?? "tag" }, words(action.state)),
      action.receipt_id && el("code", { class: "receipt" }, el("span", { class: "vh" }, "Receipt "), action.receipt_id),
      el("span", { class: "arguments" }, argumentText(action.arguments ?? {}))))));
}

/** @param {Record<string, unknown>} values */
function argumentText(values) {
  return Object.entries(values).filter(([name]) => !/(^|_)ids?$/.test(name)).map(([name, value]) => `${words(name)}: ${readable(value, name) ?? JSON.stringify(value)}`).join(" · ");
}

/**
 * What the assistant went by, folded: records near the one in question, and the sources of what it said.
 * @param {Record<string, unknown>[]} records
 * @param {unknown[]} cited
 */
function known(records, cited) {
  if (records.length + cited.length === 0) return undefined;
  const title = [cited.length > 0 && "Sources used", records.length > 0 && "Records near by"].filter((part) => part !== false).join(" · ");
  return el("details", { class: "part", data: { fold: "known" } }, el("summary", {}, title), sources(cited), near(records));
}

/** Records near the one in question: what they are, when, and from where they are known. @param {Record<string, unknown>[]} list */
function near(list) {
  if (list.length === 0) return undefined;
  return el("ul", { class: "source-list" }, list.map(({ kind, id, label, at, source }) => {
    const told = [words(String(kind ?? "")), label === id ? "" : String(label ?? ""), readable(at) ?? ""].filter((part) => part !== "");
    return el("li", { dir: "auto" }, told.join(" · "), el("span", { class: "article-id" }, ` ${String(id ?? "")} (${words(String(source ?? ""))})`));
  }));
}

/** @param {unknown[]} list */
function sources(list) {
  if (list.length === 0) return undefined;
  return el("ul", { class: "source-list" }, list.map((source) => {
    if (typeof source !== "object" || source === null) return el("li", { dir: "auto" }, String(source));
    const { title, article_id, url } = /** @type {Record<string, unknown>} */ (source);
    const address = safeUrl(url);
    const name = String(title ?? article_id ?? "Untitled");
    return el("li", { dir: "auto" }, address ? webLink(name, address) : name, article_id && title ? el("span", { class: "article-id" }, ` ${String(article_id)}`) : null);
  }));
}
