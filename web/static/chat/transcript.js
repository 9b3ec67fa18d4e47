// Which messages are on the page, in which order, and which of them has the server not confirmed yet?
/** @import { Message } from "../shared/types.js" */

/**
 * A message the customer wrote here. `seen_seq` is the newest message of the server that stood here then. `place` is where it stands among the server's messages once its reply is known.
 * @typedef {{key: string, text: string, at: string, state: "queued"|"sending"|"sent"|"failed", place: number, seen_seq: number, advice?: string, code?: string, retry_after_s?: number}} LocalMessage
 *
 * @typedef {{kind: "server", key: string, message: Message} | {kind: "local", key: string, local: LocalMessage}} Entry
 */

/** The transcript of one conversation. The server's words win: a local copy goes as soon as its message arrives. */
export class Transcript {
  /** @type {Map<string, Message>} */
  #messages = new Map();
  /** @type {LocalMessage[]} */
  #locals = [];

  /** @param {string} key @param {string} text @param {string} at */
  write(key, text, at) {
    this.#locals.push({ key, text, at, state: "queued", place: Infinity, seen_seq: this.last()?.seq ?? 0 });
  }

  /** @param {string} key @param {Partial<LocalMessage>} change */
  update(key, change) {
    this.#locals = this.#locals.map((local) => (local.key === key ? { ...local, ...change } : local));
  }

  /** @param {string} key */
  drop(key) {
    this.#locals = this.#locals.filter((local) => local.key !== key);
  }

  /** The oldest message that still waits to be sent. */
  nextQueued() {
    return this.#locals.find(({ state }) => state === "queued");
  }

  get has_unsent() {
    return this.#locals.some(({ state }) => state === "queued" || state === "sending");
  }

  /** Whether the customer has said anything. */
  get has_words() {
    return this.#locals.length > 0 || [...this.#messages.values()].some(({ author }) => author === "customer");
  }

  /**
   * Takes in messages of the server, in any order and any number of times.
   * @param {Message[]} messages
   */
  receive(messages) {
    for (const message of messages) {
      if (message.author === "customer" && !this.#messages.has(message.id)) this.#settle(message);
      this.#messages.set(message.id, message);
    }
  }

  /** Whether all of these are here already. @param {Message[]} messages */
  has(messages) {
    return messages.every(({ id }) => this.#messages.has(id));
  }

  /**
   * Notes that the server took a message and answered with these.
   * @param {string} key
   * @param {Message[]} messages
   */
  answered(key, messages) {
    const answers = messages.filter(({ author }) => author !== "customer").map(({ seq }) => seq);
    const last = Math.max(-1, ...[...this.#messages.values()].map(({ seq }) => seq));
    this.update(key, { state: "sent", place: (answers.length > 0 ? Math.min(...answers) : last + 1) - 0.5 });
    this.receive(messages);
  }

  /**
   * A customer message arrived: drop the local copy it stands for. The text may differ, since card data is hidden
   * before it is stored; then it stands for the oldest one on its way.
   * @param {Message} message
   */
  #settle(message) {
    const on_the_way = this.#locals.filter(({ state }) => state !== "queued");
    const same = on_the_way.find(({ text }) => text === message.text)
      ?? on_the_way.find(({ state }) => state === "sending" || state === "sent");
    if (same) this.drop(same.key);
  }

  /** @returns {Entry[]} oldest first */
  entries() {
    /** @type {(Entry & {place: number})[]} */
    const entries = [
      ...[...this.#messages.values()].map((message) => ({ kind: /** @type {const} */ ("server"), key: message.id, message, place: message.seq })),
      ...this.#locals.map((local) => ({ kind: /** @type {const} */ ("local"), key: local.key, local, place: local.place })),
    ];
    // Infinity minus Infinity is not a number: unplaced local messages keep the order they were written in.
    return entries.sort((a, b) => (a.place === b.place ? 0 : a.place - b.place));
  }

  /** @returns {Message | undefined} the newest message of the server */
  last() {
    return [...this.#messages.values()].sort((a, b) => b.seq - a.seq)[0];
  }
}
