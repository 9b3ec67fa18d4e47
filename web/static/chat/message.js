// How does one message look? Its author, its words as text, its sources, its receipts.
/** @import { Citation, Done, Message } from "../shared/types.js" */
/** @import { LocalMessage } from "./transcript.js" */
/** @import { Translate } from "../shared/strings.js" */
import { el } from "../shared/dom.js";
import { clockTime, words } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { renderMarkdown } from "../shared/markdown.js";

/**
 * @typedef {object} Look
 * @property {Translate} t
 * @property {string} locale of the page
 * @property {string} message_locale of the conversation
 * @property {boolean} follows whether the message before is by the same author
 * @property {boolean} ends whether the next one is not
 * @property {Done[]} done
 * @property {boolean} offers_turn whether "What happened" can be asked of it
 * @property {(turn_id: string) => void} on_turn
 * @property {() => void} on_retry
 * @property {(citation: Citation) => void} on_article
 * @property {string[]} choices labels that stand as buttons below this message
 */

/** @param {Message} message @param {Look} look */
export function renderMessage(message, look) {
  if (message.author === "system") return renderNote(message, look);
  const { t } = look;
  const is_theirs = message.author === "customer";
  const body = is_theirs
    ? el("div", { class: "bubble", dir: "auto", lang: look.message_locale }, plainLines(message.text))
    : el("div", { class: "bubble", dir: "auto", lang: look.message_locale }, renderMarkdown(withoutChoices(message.text, look.choices)));
  return el("div", { class: `message ${message.author}${look.follows ? " follows" : ""}` },
    !is_theirs && avatar(message),
    el("div", { class: "message-body" },
      authorLine(message, look),
      body,
      look.done.length > 0 && receipts(look.done, t),
      (message.citations?.length ?? 0) > 0 && sources(message, look),
      foot(message, look)));
}

/** @param {LocalMessage} local @param {Look} look */
export function renderLocal(local, look) {
  const { t } = look;
  const is_failed = local.state === "failed";
  // That the session is over is said once, below; here it is enough that this was not sent.
  const is_over = local.advice === "problem.session_over";
  return el("div", { class: `message customer local ${local.state}${look.follows ? " follows" : ""}` },
    el("div", { class: "message-body" },
      el("span", { class: "vh" }, `${t("label.you")}: `),
      el("div", { class: "bubble", dir: "auto" }, plainLines(local.text)),
      is_failed
        ? el("div", { class: "not-sent" },
          el("p", {}, icon("alert"), el("strong", {}, t("message.failed")), is_over ? "" : `. ${t(local.advice ?? "", { seconds: local.retry_after_s ?? 10 })}`,
            local.code && !is_over ? ` ${t("problem.code", { code: local.code })}.` : ""),
          !is_over && el("button", { type: "button", class: "button small", on: { click: look.on_retry } }, t("button.try_again")))
        : local.state !== "sent" && el("p", { class: "foot" }, t("message.sending"))));
}

/** @param {Message} message @param {Look} look */
function renderNote(message, { t, message_locale }) {
  return el("div", { class: "note" }, el("span", { class: "vh" }, `${t("label.system")}: `),
    el("div", { dir: "auto", lang: message_locale }, renderMarkdown(message.text)));
}

/** @param {Message} message @param {Look} look */
function authorLine(message, { t, follows }) {
  if (message.author === "customer") return el("span", { class: "vh" }, `${t("label.you")}: `);
  if (message.author === "agent") {
    const name = message.author_name || t("label.agent_unnamed");
    return follows
      ? el("span", { class: "vh" }, `${name}: `)
      : el("p", { class: "author" }, el("bdi", {}, name), el("span", { class: "tag" }, t("label.agent_tag")), el("span", { class: "vh" }, ": "));
  }
  return follows ? el("span", { class: "vh" }, `${t("label.ai")}: `) : el("p", { class: "author" }, t("label.ai"), el("span", { class: "vh" }, ": "));
}

/** @param {Message} message */
function avatar(message) {
  const is_agent = message.author === "agent";
  const initials = (message.author_name ?? "").split(/\s+/).map((name) => [...name][0] ?? "").slice(0, 2).join("").toUpperCase();
  return el("span", { class: `avatar ${is_agent ? "person" : "ai"}`, "aria-hidden": "true" }, is_agent ? initials || icon("person") : "AI");
}

/** A customer's words are shown as typed, without any markup. @param {string} text */
function plainLines(text) {
  return el("p", { class: "as-typed" }, text);
}

/** @param {Done[]} done @param {Translate} t */
function receipts(done, t) {
  return el("ul", { class: "receipts" }, done.map(({ action, receipt_id }) =>
    el("li", {}, icon("check"), el("span", {}, el("strong", {}, t("receipt.done", { action: words(action) })), el("span", { class: "receipt-id" }, t("receipt", { id: receipt_id }))))));
}

/** The text without the list of choices that stand below it as buttons. @param {string} text @param {string[]} choices */
export function withoutChoices(text, choices) {
  if (choices.length === 0) return text;
  const isChoice = (/** @type {string} */ line) => choices.includes(line.replace(/^\s*[-*•]\s+/, "").trim());
  const left = text.split("\n").filter((line) => !isChoice(line)).join("\n").trim();
  return left === "" ? text : left;
}

/** Whether a quotation says what the reply says already. @param {string} quote @param {string} text */
export function isSaid(quote, text) {
  const plain = (/** @type {string} */ one) => one.replace(/[*_`#>\s]+/g, " ").trim().toLowerCase();
  return plain(text).includes(plain(quote));
}

/** @param {Message} message @param {Look} look */
function sources({ text, citations = [] }, { t, message_locale, on_article }) {
  return el("div", { class: "sources" },
    el("p", { class: "sources-title" }, icon("book"), citations.length === 1 ? t("sources.one") : t("sources.many", { count: citations.length })),
    citations.map((citation) => {
      const title = el("span", { dir: "auto", lang: message_locale }, citation.title);
      const read = el("button", { type: "button", class: "link-button", on: { click: () => on_article(citation) } }, t("sources.open"));
      // What the reply says word for word is not folded away below it once more.
      return isSaid(citation.quote, text)
        ? el("div", { class: "source whole" }, title, read)
        : el("details", { class: "source" }, el("summary", {}, title), el("blockquote", { dir: "auto", lang: message_locale }, citation.quote), el("p", {}, read));
    }));
}

/** @param {Message} message @param {Look} look */
function foot(message, look) {
  const turn_id = look.offers_turn ? message.turn_id ?? "" : "";
  if (!look.ends && !turn_id) return null;
  return el("p", { class: "foot" },
    el("time", { datetime: message.at }, clockTime(message.at, look.locale)),
    turn_id && el("button", { type: "button", class: "happened-button", lang: "en", "aria-pressed": "false", data: { turn: turn_id },
      on: { click: () => look.on_turn(turn_id) } }, icon("steps"), "What happened"));
}
