// What must a person know before taking over? Who, why, what was tried, on what grounds, and what comes next.
/** @import { DeskConversation, DeskRow, Handover, HandoverAction } from "../shared/types.js" */
import { el } from "../shared/dom.js";
import { elapsed, languageName, words } from "../shared/format.js";
import { safeUrl, webLink } from "../shared/markdown.js";
import { plainText, renderValue } from "../shared/record.js";

const LOCALE = "en";
/** Facts of a customer that are read first; the others are folded. */
const FACTS_FIRST = ["market", "email", "phone", "status", "customer_since"];
const STATUS_WORDS = { open: "with the AI assistant", waiting_for_agent: "waiting", with_agent: "with a person", resolved: "resolved" };
const LEVEL_TAGS = /** @type {Record<string, string>} */ ({ verified: "tag good", identified: "tag", anonymous: "tag warn" });
const STATE_TAGS = /** @type {Record<string, string>} */ ({ done: "tag good", executed: "tag good", failed: "tag high", refused: "tag warn", unknown: "tag warn" });

/** What matters first: what is asked and open, what was done, who it is; the rest folded. @param {DeskConversation} conversation @returns {HTMLElement[]} */
export function renderContext(conversation) {
  const { handover, previous = [] } = conversation;
  const labels = handover?.labels ?? {};
  const parts = handover ? [
    why(handover),
    openProposal(handover),
    nextStep(handover),
    actions(handover.actions ?? []),
    who(handover, labels),
    records(handover, labels),
    earlier(previous),
    sources(handover.sources ?? []),
  ] : [section("Who", el("p", {}, conversation.status === "open"
    ? "The AI assistant has this conversation. You can take over at any time."
    : "There is no hand-over for this conversation.")), earlier(previous)];
  return parts.filter((part) => part !== undefined);
}

/** The customer's name, under one of the usual names of a record. @param {DeskConversation} conversation */
export function customerName({ handover }) {
  return nameOf(handover?.customer ?? {});
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

/** A value for a person: no empty ones, no machine's time. @param {unknown} value */
function readable(value) {
  if (value === null || value === "") return undefined;
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)) return new Date(value).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  if (typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value)) return new Date(`${value}T12:00:00Z`).toLocaleDateString("en-GB", { dateStyle: "medium" });
  return plainText(value, LOCALE);
}

/** @param {Record<string, unknown>} record @param {Record<string, string>} labels @param {string[]} left_out */
function facts(record, labels, left_out = []) {
  const rows = Object.entries(record).filter(([name]) => !left_out.includes(name))
    .map(([name, value]) => [labels[name] ?? words(name), readable(value)]).filter(([, text]) => text && text !== "none");
  return rows.length > 0 && el("dl", { class: "facts" }, rows.map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", { dir: "auto" }, text))));
}

/** @param {Handover} handover @param {Record<string, string>} labels */
function who({ customer, identity_level = "anonymous" }, labels) {
  const record = /** @type {Record<string, unknown>} */ (customer ?? {});
  const first = Object.fromEntries(FACTS_FIRST.filter((name) => record[name] !== undefined).map((name) => [name, record[name]]));
  const rest = facts(record, labels, [...FACTS_FIRST, "name", "first_name", "last_name"]);
  return el("section", { class: "part who" },
    el("div", { class: "who-head" },
      el("h3", { dir: "auto" }, nameOf(record) || "Not identified"),
      el("span", { class: LEVEL_TAGS[identity_level] ?? "tag" }, `Identity: ${identity_level}`)),
    facts(first, labels),
    rest && el("details", {}, el("summary", {}, "More about the customer"), rest));
}

/** @param {Handover} handover */
function why({ reason_code, summary, language, sentiment, requested_at, last_words }) {
  const mood = plainText(sentiment, LOCALE);
  return el("section", { class: "part" },
    el("h3", {}, "Why it came to you", summary && el("span", { class: "caution" }, "AI summary; claims not verified")),
    el("div", { class: "tags" },
      reason_code && el("span", { class: "tag strong" }, words(reason_code)),
      language && el("span", { class: "tag" }, languageName(language)),
      sentiment !== undefined && mood && mood !== "neutral" && el("span", { class: "tag high" }, `Mood: ${mood}`),
      requested_at && el("span", { class: "tag" }, `Asked ${elapsed(requested_at, Date.now(), LOCALE)} ago`)),
    summary && el("p", { class: "summary-text", dir: "auto" }, summary),
    last_words && !summary?.includes(last_words) && el("p", { class: "summary-text", dir: "auto" }, `Last words: “${last_words}”`));
}

/** @param {Handover} handover */
function openProposal({ proposal }) {
  if (!proposal) return undefined;
  return el("section", { class: "part next-step" }, el("h3", {}, "Proposed and not answered"), el("p", { dir: "auto" }, proposal));
}

/** @param {Handover} handover */
function nextStep({ proposed_next_step }) {
  if (!proposed_next_step) return undefined;
  return el("section", { class: "part next-step" }, el("h3", {}, "Proposed next step"), el("div", { dir: "auto" }, renderValue(proposed_next_step, LOCALE)));
}

/** What the case is about: records of the company, and what the customer said. @param {Handover} handover @param {Record<string, string>} labels */
function records({ slots: known = {} }, labels) {
  const entries = Object.entries(known).filter(([, value]) => value !== null && value !== "");
  const is_record = (/** @type {unknown} */ value) => typeof value === "object";
  const said = entries.filter(([, value]) => !is_record(value));
  const found = entries.filter(([, value]) => is_record(value));
  if (entries.length === 0) return undefined;
  return el("section", { class: "part" },
    said.length > 0 && el("h3", {}, "What is known", el("span", { class: "caution" }, "told by the customer, not verified")),
    said.length > 0 && facts(Object.fromEntries(said), labels),
    found.length > 0 && el("h3", {}, "What it is about", el("span", { class: "source-of" }, "from the company’s records")),
    found.map(([name, value]) => el("details", { class: "found" },
      el("summary", { dir: "auto" }, `${labels[name] ?? words(name)}: ${titleOf(value)}`), renderValue(value, LOCALE))));
}

/** One line for a record or a list of them. @param {unknown} value @returns {string} */
function titleOf(value) {
  if (Array.isArray(value)) return value.map(titleOf).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  const { label, title, name, id } = /** @type {Record<string, unknown>} */ (value);
  const found = [label, title, name, id].find((one) => typeof one === "string" && one !== "");
  return String(found ?? "details");
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
  return Object.entries(values).filter(([name]) => !/(^|_)ids?$/.test(name)).map(([name, value]) => `${words(name)}: ${plainText(value, LOCALE) ?? JSON.stringify(value)}`).join(" · ");
}

/** @param {unknown[]} list */
function sources(list) {
  if (list.length === 0) return undefined;
  return el("details", { class: "part" }, el("summary", {}, "Sources used"), el("ul", { class: "source-list" }, list.map((source) => {
    if (typeof source !== "object" || source === null) return el("li", { dir: "auto" }, String(source));
    const { title, article_id, url } = /** @type {Record<string, unknown>} */ (source);
    const address = safeUrl(url);
    const name = String(title ?? article_id ?? "Untitled");
    return el("li", { dir: "auto" }, address ? webLink(name, address) : name, article_id && title ? el("span", { class: "article-id" }, ` ${String(article_id)}`) : null);
  })));
}
