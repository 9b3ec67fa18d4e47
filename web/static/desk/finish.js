// What is asked before a conversation is noted on, given back, or ended? Words for the customer, a note for colleagues, and what is still open.
/** @import { Desk } from "./state.js" */
import { byId, el } from "../shared/dom.js";

/** @typedef {"note"|"return"|"resolve"} Verb */

const TITLES = { note: "Note for colleagues", return: "Return to the AI assistant", resolve: "Resolve the conversation" };
const SUBMITS = { note: "Save note", return: "Return to AI", resolve: "Resolve" };
const NOTE_HINTS = {
  note: "Kept with the conversation. The customer does not see it.",
  return: "Kept with the conversation, the customer does not see it.",
  resolve: "What was done. The customer does not see it.",
};

/**
 * @param {Verb} verb
 * @param {Desk} desk
 * @param {{draft: string, on_done: (verb: Verb) => void}} how the reply that stands unsent, and what is done afterwards
 */
export function askBefore(verb, desk, { draft, on_done }) {
  const { detail } = desk;
  if (!detail || (verb !== "note" && !desk.is_mine)) return;
  /** @type {HTMLDialogElement} */
  const dialog = byId("note");
  const is_return = verb === "return";
  const message = textField("note-message", "Message to the customer", "Sent as your last message. If the customer asks how it stands, the assistant quotes it.");
  message.input.value = is_return ? draft : "";
  const note = textField("note-text", verb === "note" ? "Note" : "Note for colleagues (optional)", NOTE_HINTS[verb]);
  // Nothing that was proposed is dropped unless somebody says so.
  const goes_on = el("input", { type: "radio", name: "open-request", id: "goes-on", checked: true });
  const problem = el("p", { class: "field-problem", role: "alert" });
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    problem.textContent = "";
    if (verb === "note" && note.input.value.trim() === "") {
      problem.textContent = "Write the note first.";
      return note.input.focus();
    }
    const words = note.input.value.trim();
    const is_done = verb === "note" ? await desk.note(words)
      : await desk.finish(verb, { message: is_return ? message.input.value.trim() : "", note: words, resume: is_return && !!detail.resumable && goes_on.checked });
    if (!is_done) return void (problem.textContent = desk.trouble?.text ?? "This did not work. Try again.");
    dialog.close();
    on_done(verb);
  };
  dialog.replaceChildren(
    el("h2", { id: "note-title" }, TITLES[verb]),
    el("form", { class: "note-form", on: { submit, keydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit(event);
    } } },
    verb === "resolve" ? stillOpen(draft, detail.handover?.proposal) : [],
    is_return ? message.parts : [], note.parts,
    is_return ? openRequest(detail.resumable, goes_on) : [],
    problem,
    el("div", { class: "buttons" },
      el("button", { type: "submit", class: "button primary", "aria-keyshortcuts": "Control+Enter" }, SUBMITS[verb]),
      el("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, "Cancel"))));
  dialog.showModal();
  (is_return ? message : note).input.focus();
}

/** What ends unanswered with the conversation. @param {string} draft @param {string=} proposal */
function stillOpen(draft, proposal) {
  const open = [
    draft ? `Your reply is not sent: “${draft}”` : "",
    proposal ? `What the assistant proposed is not done, and ends here: ${proposal}` : "",
  ].filter((text) => text !== "");
  return open.length > 0 ? [el("ul", { class: "still-open" }, open.map((text) => el("li", { dir: "auto" }, text)))] : [];
}

/** @param {string | undefined} resumable @param {HTMLInputElement} goes_on */
function openRequest(resumable, goes_on) {
  if (!resumable) return [];
  const ends = el("input", { type: "radio", name: "open-request", id: "ends" });
  return [el("fieldset", { class: "open-request" }, el("legend", {}, "The open request: ", el("strong", { dir: "auto" }, resumable)),
    el("p", { class: "check" }, goes_on, el("label", { for: "goes-on" }, "The assistant goes on with it and asks its last question again")),
    el("p", { class: "check" }, ends, el("label", { for: "ends" }, "It is settled: close it")))];
}

/** @param {string} id @param {string} label @param {string} hint */
function textField(id, label, hint) {
  const input = el("textarea", { id, rows: 3, maxlength: 4000, dir: "auto", "aria-describedby": `${id}-hint` });
  return { input, parts: [el("label", { for: id }, label), el("p", { class: "quiet-text", id: `${id}-hint` }, hint), input] };
}
