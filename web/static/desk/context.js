// What must a person know before taking over? Who, why, what was tried, on what grounds, and what comes next.
/** @import { DeskConversation, Handover, HandoverAction } from "../shared/types.js" */
import { el } from "../shared/dom.js";
import { elapsed, languageName, words } from "../shared/format.js";
import { safeUrl, webLink } from "../shared/markdown.js";
import { plainText, renderValue } from "../shared/record.js";

const LOCALE = "en";
const LEVEL_TAGS = /** @type {Record<string, string>} */ ({ verified: "tag good", identified: "tag", anonymous: "tag warn" });
const STATE_TAGS = /** @type {Record<string, string>} */ ({ done: "tag good", executed: "tag good", failed: "tag high", refused: "tag warn", unknown: "tag warn" });

/** @param {DeskConversation} conversation @returns {HTMLElement[]} */
export function renderContext(conversation) {
  const { handover } = conversation;
  if (!handover) {
    return [section("Who", el("p", {}, conversation.status === "open"
      ? "The AI assistant has this conversation and has not handed it over. You can take over at any time."
      : "There is no hand-over for this conversation."))];
  }
  return [
    who(handover),
    why(handover),
    nextStep(handover),
    slots(handover),
    actions(handover.actions ?? []),
    sources(handover.sources ?? []),
  ].filter((part) => part !== undefined);
}

/** @param {string} title @param {...(Node | string | null | false | undefined)} children */
function section(title, ...children) {
  return el("section", { class: "part" }, el("h3", {}, title), children);
}

/** @param {Handover} handover */
function who({ customer, identity_level = "anonymous" }) {
  const { name = "", ...rest } = customer ?? {};
  const facts = Object.entries(rest).map(([key, value]) => [words(key), plainText(value, LOCALE)]).filter(([, text]) => text && text !== "—");
  return el("section", { class: "part who" },
    el("div", { class: "who-head" },
      el("h3", { dir: "auto" }, name || "Not identified"),
      el("span", { class: LEVEL_TAGS[identity_level] ?? "tag" }, `Identity: ${identity_level}`)),
    facts.length > 0 && el("dl", { class: "facts" }, facts.map(([key, text]) =>
      el("div", {}, el("dt", {}, key), el("dd", { dir: "auto" }, text)))));
}

/** @param {Handover} handover */
function why({ reason_code, summary, language, sentiment, requested_at }) {
  const mood = plainText(sentiment, LOCALE);
  return el("section", { class: "part" },
    el("h3", {}, "Why it came to you", summary && el("span", { class: "caution" }, "AI summary; claims not verified")),
    el("div", { class: "tags" },
      reason_code && el("span", { class: "tag strong" }, words(reason_code)),
      language && el("span", { class: "tag" }, languageName(language)),
      sentiment !== undefined && mood && el("span", { class: "tag" }, `Mood: ${mood}`),
      requested_at && el("span", { class: "tag" }, `Asked ${elapsed(requested_at, Date.now(), LOCALE)} ago`)),
    summary && el("p", { class: "summary-text", dir: "auto" }, summary));
}

/** @param {Handover} handover */
function nextStep({ proposed_next_step }) {
  if (!proposed_next_step) return undefined;
  return el("section", { class: "part next-step" }, el("h3", {}, "Proposed next step"), el("div", { dir: "auto" }, renderValue(proposed_next_step, LOCALE)));
}

/** @param {Handover} handover */
function slots({ slots: known = {} }) {
  const entries = Object.entries(known);
  if (entries.length === 0) return undefined;
  return el("section", { class: "part" },
    el("h3", {}, "What is known", el("span", { class: "caution" }, "told by the customer, not verified")),
    el("dl", { class: "record" }, entries.map(([name, value]) =>
      el("div", { class: "field" }, el("dt", {}, words(name)), el("dd", {}, renderValue(value, LOCALE))))));
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
  return Object.entries(values).map(([name, value]) => `${words(name)}: ${plainText(value, LOCALE) ?? JSON.stringify(value)}`).join(" · ");
}

/** @param {unknown[]} list */
function sources(list) {
  if (list.length === 0) return undefined;
  return section("Sources used", el("ul", { class: "source-list" }, list.map((source) => {
    if (typeof source !== "object" || source === null) return el("li", { dir: "auto" }, String(source));
    const { title, article_id, url } = /** @type {Record<string, unknown>} */ (source);
    const address = safeUrl(url);
    const name = String(title ?? article_id ?? "Untitled");
    return el("li", { dir: "auto" }, address ? webLink(name, address) : name, article_id && title ? el("span", { class: "article-id" }, ` ${String(article_id)}`) : null);
  })));
}
