// What does the log show? Every entry of the transcript once, in order, rebuilt only where it changed.
/** @import { Chat } from "./conversation.js" */
/** @import { Entry } from "./transcript.js" */
/** @import { Look } from "./message.js" */
import { reconcile } from "../shared/dom.js";
import { visibleAwaiting } from "./awaiting.js";
import { renderLocal, renderMessage } from "./message.js";

/**
 * @param {HTMLElement} log
 * @param {Chat} chat
 * @param {Omit<Look, "follows"|"ends"|"done"|"offers_turn"|"message_locale"|"choices"> & {shows_turns: boolean, selected_turn: string}} how
 */
export function renderLog(log, chat, how) {
  const entries = chat.transcript.entries();
  /** @type {Map<string, string>} */
  const last_of_turn = new Map();
  for (const entry of entries) {
    if (entry.kind === "server" && entry.message.author === "assistant" && entry.message.turn_id) last_of_turn.set(entry.message.turn_id, entry.key);
  }
  const newest = chat.transcript.last()?.id;
  const choices = (visibleAwaiting(chat).options ?? []).map(({ label }) => label);
  const rows = entries.map((entry, index) => {
    const turn_id = entry.kind === "server" ? entry.message.turn_id ?? "" : "";
    const is_last_of_turn = turn_id !== "" && last_of_turn.get(turn_id) === entry.key;
    /** @type {Look} */
    const look = {
      ...how,
      message_locale: chat.locale,
      follows: speaker(entries[index - 1]) === speaker(entry),
      ends: speaker(entries[index + 1]) !== speaker(entry),
      done: is_last_of_turn ? chat.receipts.get(turn_id) ?? [] : [],
      offers_turn: is_last_of_turn && how.shows_turns,
      choices: entry.kind === "server" && entry.message.id === newest ? choices : [],
    };
    return { entry, look };
  });
  reconcile(log, rows, {
    key: ({ entry }) => entry.key,
    version: ({ entry, look }) => JSON.stringify([entry, look.follows, look.ends, look.done, look.offers_turn, look.message_locale, look.choices]),
    build: ({ entry, look }) => (entry.kind === "server" ? renderMessage(entry.message, look) : renderLocal(entry.local, look)),
  });
  // The selection changes in place: rebuilding the message would take the focus from the button just pressed.
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (log.querySelectorAll("[data-turn]"))) {
    button.setAttribute("aria-pressed", String(button.dataset.turn === how.selected_turn));
  }
}

/** @param {Entry | undefined} entry */
function speaker(entry) {
  if (!entry) return "";
  return entry.kind === "local" ? "customer" : `${entry.message.author}${entry.message.author === "agent" ? entry.message.author_name ?? "" : ""}`;
}
