// How does a person answer the customer? Drafts are kept while another conversation is open.
/** @import { Desk } from "./state.js" */
import { el } from "../shared/dom.js";
import { characterCount } from "../shared/format.js";
import { icon } from "../shared/icons.js";

const TEXT_CHARACTERS_MAX = 8_000;
const HINT = "Enter sends, Shift + Enter starts a new line";

/** @param {Desk} desk */
export function makeReply(desk) {
  /** @type {Map<string, string>} */
  const drafts = new Map();
  let shown_id = "";

  const hint = el("p", { class: "quiet-text", id: "reply-hint" }, HINT);
  const text = el("textarea", { id: "reply-text", rows: 2, dir: "auto", placeholder: "Reply to the customer…", "aria-describedby": "reply-hint", on: {
    input: () => {
      drafts.set(desk.selected_id, text.value);
      measure();
    },
    keydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      void send();
    },
  } });
  const form = el("form", { class: "reply", on: { submit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void send();
  } } },
  el("label", { class: "vh", for: "reply-text" }, "Reply"), text,
  el("div", { class: "reply-foot" }, hint, el("button", { type: "submit", class: "button primary" }, icon("send"), "Send")));

  function measure() {
    const over = characterCount(text.value) - TEXT_CHARACTERS_MAX;
    hint.textContent = over > 0 ? `${over} characters too many: shorten the reply to send it.` : HINT;
    text.setAttribute("aria-invalid", String(over > 0));
    return over <= 0;
  }

  async function send() {
    const words = text.value.trim();
    if (!words || !measure() || desk.is_acting) return text.focus();
    const id = desk.selected_id;
    if (!(await desk.reply(words))) return;
    drafts.delete(id);
    if (id === desk.selected_id) text.value = "";
  }

  return {
    form,
    focus: () => text.focus(),
    /** @param {string} id */
    showDraftOf(id) {
      if (id === shown_id) return;
      shown_id = id;
      text.value = drafts.get(id) ?? "";
      measure();
    },
  };
}
