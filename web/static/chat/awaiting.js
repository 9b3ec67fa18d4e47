// What does the reply wait for? Buttons for choices, a card for a proposal, a separate field for a one-time code.
/** @import { Awaiting, Option } from "../shared/types.js" */
/** @import { Chat } from "./conversation.js" */
/** @import { Translate } from "../shared/strings.js" */
import { append, el } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { renderMarkdown } from "../shared/markdown.js";
import { codeDigits, wantsCode } from "./code.js";

const OPTIONS_MAX = 24;
/** More options than this with long labels stand below each other. */
const SHORT_LIST_MAX = 5;
/** More than this scroll, so that what they answer stays in view. */
const WHOLE_LIST_MAX = 8;
const SHORT_LABEL_MAX = 24;
/** Id of the option to wait on for a person. */
const WAIT = "wait";

/**
 * @typedef {object} AwaitingView
 * @property {(chat: Chat) => void} update
 * @property {(code: string) => void} fillCode puts a code into the secure field
 * @property {() => boolean} has_code_field
 */

/**
 * @param {HTMLElement} place
 * @param {{t: Translate, locale: string, say: (text: string) => void, say_prepared: (key: string) => void, announce: (text: string) => void, send_code: (code: string) => void, on_built: () => void}} how
 * @returns {AwaitingView}
 */
export function makeAwaiting(place, how) {
  let shown = "";
  /** @type {ReturnType<typeof codeCard> | undefined} */
  let code_card;

  /** @param {Chat} chat */
  function update(chat) {
    const awaiting = visibleAwaiting(chat);
    const now = JSON.stringify(awaiting);
    if (now !== shown) {
      shown = now;
      code_card = undefined;
      const had_focus = place.contains(document.activeElement);
      const had_parts = place.childElementCount > 0;
      place.replaceChildren();
      if (wantsCode(awaiting)) code_card = codeCard(how);
      build(place, { awaiting, had_parts }, chat, how, code_card);
      code_card?.focus();
      if (place.childElementCount > 0 || had_focus) how.on_built();
    }
    code_card?.update(chat);
  }
  return {
    update,
    fillCode: (code) => code_card?.fill(code),
    has_code_field: () => code_card !== undefined,
  };
}

/** Answered as soon as the customer writes again; a code stays asked for until the server says otherwise. @param {Chat} chat @returns {Awaiting} */
export function visibleAwaiting(chat) {
  if (wantsCode(chat.awaiting)) return chat.awaiting;
  const is_offered = chat.status === "open" || (chat.status === "waiting_for_agent" && chat.awaiting.kind === "handoff");
  const is_over = !is_offered || chat.transcript.has_unsent || chat.is_busy;
  return is_over ? { kind: "none" } : withoutPressed(chat);
}

/** "Keep waiting" is not offered to somebody who has just said so. @param {Chat} chat @returns {Awaiting} */
function withoutPressed({ awaiting, transcript }) {
  if (awaiting.kind !== "handoff") return awaiting;
  const said = transcript.entries().flatMap((entry) => (entry.kind === "server" && entry.message.author === "customer" ? [entry.message.text] : [])).at(-1);
  return { ...awaiting, options: (awaiting.options ?? []).filter(({ id, label }) => id !== WAIT || label !== said) };
}

/**
 * @param {HTMLElement} place
 * @param {{awaiting: Awaiting, had_parts: boolean}} change
 * @param {Chat} chat
 * @param {Parameters<typeof makeAwaiting>[1]} how
 * @param {ReturnType<typeof codeCard> | undefined} code_card
 */
function build(place, { awaiting, had_parts }, chat, how, code_card) {
  const { t, announce } = how;
  if (code_card) {
    append(place, code_card.node);
    announce(t("announce.code"));
  } else if (awaiting.kind === "confirm") {
    append(place, confirmCard(awaiting, chat, how));
    announce(t("announce.confirm"));
  } else if (awaiting.options?.length) {
    append(place, choices(awaiting.options, chat.locale, how));
    announce(t("announce.options", { count: Math.min(awaiting.options.length, OPTIONS_MAX) }));
  } else if (had_parts) {
    announce(""); // what was announced is not there any more
  }
}

/** @param {Option[]} options @param {string} lang @param {Parameters<typeof makeAwaiting>[1]} how */
function choices(options, lang, { t, say }) {
  const buttons = options.slice(0, OPTIONS_MAX).map(({ label }) =>
    el("li", {}, el("button", { type: "button", class: "choice", dir: "auto", lang, on: { click: () => say(label) } }, label)));
  const is_long = options.length > SHORT_LIST_MAX && options.some(({ label }) => label.length > SHORT_LABEL_MAX);
  return el("ul", { class: `choices${is_long ? " compact" : ""}${is_long && options.length > WHOLE_LIST_MAX ? " scrolls" : ""}`, "aria-label": t("choices.label") }, buttons);
}

/**
 * The exact proposal, as the server bound it: a yes is a yes to these words. They stand once: in the message right above, or else in the card.
 * @param {Awaiting} awaiting
 * @param {Chat} chat
 * @param {Parameters<typeof makeAwaiting>[1]} how
 */
function confirmCard({ proposal, options }, chat, { t, say, say_prepared }) {
  /** The server's own word for it where it has one. @param {RegExp} pattern @param {string} key */
  const answer = (pattern, key) => {
    const label = options?.find(({ id }) => pattern.test(id))?.label;
    return label === undefined ? say_prepared(key) : say(label);
  };
  const is_said = proposal && chat.transcript.last()?.text.includes(proposal.summary);
  return el("section", { class: "card confirm", "aria-labelledby": "confirm-title" },
    el("h2", { id: "confirm-title" }, icon("receipt"), t("confirm.title")),
    proposal && !is_said && el("div", { class: "confirm-summary", dir: "auto", lang: chat.locale }, renderMarkdown(proposal.summary)),
    el("div", { class: "buttons" },
      el("button", { type: "button", class: "button primary", on: { click: () => answer(/^(yes|affirm|confirm|true)$/i, "say.yes") } }, t("confirm.yes")),
      el("button", { type: "button", class: "button", on: { click: () => answer(/^(no|deny|decline|false)$/i, "say.no") } }, t("confirm.no"))),
    el("p", { class: "quiet-text" }, t("confirm.note")));
}

/** @param {Parameters<typeof makeAwaiting>[1]} how */
function codeCard({ t, say_prepared, send_code }) {
  const input = el("input", { id: "code", class: "code-input", type: "text", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 12,
    spellcheck: "false", dir: "ltr", required: true, "aria-describedby": "code-text code-problem" });
  const problem = el("p", { id: "code-problem", class: "field-problem", role: "alert" });
  const submit = el("button", { type: "submit", class: "button primary" }, t("code.send"));
  const tell = (/** @type {string} */ text) => {
    if (problem.textContent !== text) problem.textContent = text;
    input.setAttribute("aria-invalid", text ? "true" : "false");
    if (text) problem.scrollIntoView({ block: "nearest" });
  };
  const node = el("form", { class: "card code", novalidate: true, "aria-labelledby": "code-title", on: {
    submit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const digits = codeDigits(input.value);
      tell(digits ? "" : t("code.format"));
      if (!digits) return input.focus();
      input.value = "";
      send_code(digits);
    },
  } },
  el("h2", { id: "code-title" }, icon("lock"), t("code.title")),
  el("p", { id: "code-text", class: "quiet-text" }, t("code.text")),
  el("label", { for: "code" }, t("code.label")),
  el("div", { class: "code-row" }, input, submit),
  problem,
  el("button", { type: "button", class: "link-button", on: { click: () => say_prepared("say.no_code") } }, t("say.no_code")));
  return {
    node,
    focus: () => input.focus(),
    /** @param {string} code */
    fill(code) {
      input.value = code;
      tell("");
      input.focus();
    },
    /** @param {Chat} chat */
    update(chat) {
      submit.textContent = chat.is_checking_code ? t("code.sent") : t("code.send");
      submit.setAttribute("aria-disabled", String(chat.is_checking_code));
      const trouble = chat.code_trouble;
      if (trouble) tell(`${t(trouble.advice, { seconds: trouble.seconds })}${trouble.code ? ` ${t("problem.code", { code: trouble.code })}.` : ""}`);
    },
  };
}
