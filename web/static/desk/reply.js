// How does a person answer the customer? Drafts are kept while another conversation is open, and when somebody takes the conversation away.
/** @import { Desk } from "./state.js" */
import { el } from "../shared/dom.js";
import { characterCount } from "../shared/format.js";
import { icon } from "../shared/icons.js";

const TEXT_CHARACTERS_MAX = 8_000;
const HINT = "Enter sends, Shift + Enter starts a new line";
const EMPTY = "Write something first.";

/** @param {Desk} desk @param {() => void} on_sent */
export function makeReply(desk, on_sent) {
  /** @type {Map<string, string>} */
  const drafts = new Map();
  let shown_id = "";
  /** Why nothing can be sent; empty where it can. */
  let barred = "";
  // A touch keyboard has no Shift + Enter: there Enter breaks the line, and the button sends.
  const is_touch = matchMedia("(hover: none) and (pointer: coarse)").matches;

  const button = el("button", { type: "submit", class: "button primary" }, icon("send"), "Send");
  const hint = el("p", { class: "quiet-text", id: "reply-hint" }, HINT);
  const text = el("textarea", { id: "reply-text", rows: 2, dir: "auto", placeholder: "Reply to the customer…", "aria-describedby": "reply-hint", on: {
    input: () => {
      drafts.set(desk.selected_id, text.value);
      measure();
    },
    keydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || is_touch || barred) return;
      event.preventDefault();
      void send();
    },
  } });
  const form = el("form", { class: "reply", on: { submit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void send();
  } } },
  el("label", { class: "vh", for: "reply-text" }, "Reply"), text,
  el("div", { class: "reply-foot" }, hint, button));

  function measure() {
    const over = characterCount(text.value) - TEXT_CHARACTERS_MAX;
    const usual = is_touch ? "" : HINT;
    hint.textContent = over > 0 ? `${over} characters too many: shorten the reply to send it.` : barred || usual;
    hint.classList.toggle("caution", over > 0 || barred !== "");
    button.setAttribute("aria-disabled", String(barred !== ""));
    text.setAttribute("aria-invalid", String(over > 0));
    return over <= 0;
  }

  async function send() {
    const words = text.value.trim();
    if (!words) hint.textContent = EMPTY;
    if (!words || !measure() || desk.is_acting || barred) return text.focus();
    const id = desk.selected_id;
    if (!(await desk.reply(words))) return;
    drafts.delete(id);
    if (id === desk.selected_id) text.value = "";
    on_sent();
  }

  return {
    form,
    focus: () => text.focus(),
    /** Whether something is being written, or stands unsent. */
    isInUse: () => text.value.trim() !== "" || document.activeElement === text,
    /** @param {string} id */
    draftOf: (id) => (drafts.get(id) ?? "").trim(),
    /** What was sent another way is no draft any more. @param {string} id */
    drop(id) {
      drafts.delete(id);
      if (id === shown_id) text.value = "";
      measure();
    },
    /** Keeps what is written and sends nothing; says why. @param {string} reason empty to allow it */
    bar(reason) {
      if (reason === barred) return;
      barred = reason;
      measure();
    },
    /** @param {string} id */
    showDraftOf(id) {
      if (id === shown_id) return;
      shown_id = id;
      text.value = drafts.get(id) ?? "";
      measure();
    },
  };
}
