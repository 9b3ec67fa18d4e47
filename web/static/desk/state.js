// What does the desk know? Who is signed in, who waits, which conversation is open, and what went wrong last.
/** @import { Api } from "../shared/api.js" */
/** @import { DeskConversation, DeskRow } from "../shared/types.js" */
/** @import { ServerEvent } from "../shared/sse.js" */
import { adviceFor, Problem } from "../shared/problem.js";

const STORE_KEY = "ombud.desk";
const REFRESH_MS = 250;
const ROWS_MAX = 1_000;

/** @typedef {"waiting"|"with_agent"|"open"|"resolved"} Filter */
/** What went wrong with an action stays until the next action; with a reading, until a reading succeeds. */
/** @typedef {{text: string, of: "action"|"reading", again?: () => void}} Trouble */
/**
 * @typedef {object} Ports
 * @property {Api} api
 * @property {Pick<Storage, "getItem"|"setItem"|"removeItem">} storage
 * @property {(options: {url: string, on_event: (event: ServerEvent) => void, on_state: (state: "open"|"retrying"|"refused") => void}) => {close: () => void}} follow
 * @property {() => string} new_key
 * @property {(run: () => void, ms: number) => void} later
 * @property {() => void} on_change
 * @property {(text: string) => void} announce
 */

/** @type {Record<string, string>} */
const ADVICE = {
  "problem.network": "The service cannot be reached. Check your connection, then try again.",
  "problem.deadline": "The service is taking too long. Try again: nothing is done twice.",
  "problem.too_many": "Too many requests at once. Wait a moment, then try again.",
  "problem.too_long": "The text is too long. Shorten it and try again.",
  "problem.ours": "The service had a fault. Nothing was lost; try again.",
  "problem.not_accepted": "The service did not accept this.",
  "problem.session_over": "This conversation is not there any more.",
  "problem.conflict": "Someone else changed this conversation first.",
};

/**
 * High priority first, then whoever waited longest.
 * @param {DeskRow[]} rows
 */
export function inOrder(rows) {
  const rank = (/** @type {DeskRow} */ { priority }) => (priority === "high" ? 0 : 1);
  const since = (/** @type {DeskRow} */ { waiting_since }) => Date.parse(waiting_since ?? "") || Infinity;
  return [...rows].sort((a, b) => rank(a) - rank(b) || (since(a) === since(b) ? 0 : since(a) - since(b)));
}

/** The name in a token's claims; the page only shows it, the server decides. @param {string} token */
export function nameIn(token) {
  try {
    const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims.name === "string" ? claims.name : "";
  } catch {
    return "";
  }
}

export class Desk {
  /** @type {Ports} */ #ports;
  /** @type {{close: () => void} | undefined} */ #stream;
  #is_refresh_due = false;
  /** The key of a reply that may have to be sent again. */
  #reply = { key: "", text: "", id: "" };

  token = "";
  name = "";
  /** @type {Filter} */ filter = "waiting";
  /** @type {DeskRow[]} */ rows = [];
  waiting_count = 0;
  next_cursor = "";
  selected_id = "";
  /** @type {DeskConversation | undefined} */ detail;
  /** @type {"idle"|"open"|"retrying"|"refused"} */ connection = "idle";
  /** @type {Trouble | undefined} */ trouble;
  is_loading = true;
  is_acting = false;
  /** The newest message seen of each conversation. @type {Map<string, string>} */ seen = new Map();

  /** @param {Ports} ports */
  constructor(ports) {
    this.#ports = ports;
    this.token = ports.storage.getItem(STORE_KEY) ?? "";
    this.name = nameIn(this.token);
  }

  /**
   * Tries a token by reading the inbox with it.
   * @param {string} token
   * @throws {Problem} when the token is not accepted or the service cannot be reached
   */
  async signIn(token) {
    this.token = token;
    try {
      await this.#ports.api.deskList("waiting", "");
    } catch (error) {
      this.token = "";
      throw error;
    }
    this.#ports.storage.setItem(STORE_KEY, token);
    this.name = nameIn(token);
    await this.start();
  }

  async start() {
    this.#stream?.close();
    this.#stream = this.#ports.follow({
      url: this.#ports.api.deskEventsUrl(),
      on_event: (event) => this.#onEvent(event),
      on_state: (state) => {
        const was_away = this.connection === "retrying";
        this.connection = state;
        if (state === "open" && was_away) this.#refreshSoon();
        if (state === "refused") this.signOut("Your sign-in has ended. Sign in again to go on.");
        this.#ports.on_change();
      },
    });
    await this.refresh();
  }

  signOut(text = "") {
    this.#stream?.close();
    this.#ports.storage.removeItem(STORE_KEY);
    Object.assign(this, { token: "", name: "", rows: [], waiting_count: 0, selected_id: "", detail: undefined, connection: "idle", is_loading: true });
    this.trouble = text ? { text, of: "action" } : undefined;
    this.#ports.on_change();
  }

  /** @param {Filter} filter */
  async show(filter) {
    this.filter = filter;
    this.rows = [];
    this.next_cursor = "";
    this.is_loading = true;
    this.#ports.on_change();
    await this.refresh();
  }

  /** Reads the inbox again, and the open conversation. */
  async refresh() {
    await Promise.all([this.#refreshRows(), this.selected_id ? this.#refreshDetail() : undefined]);
  }

  async #refreshRows() {
    const { filter } = this;
    await this.#attempt("reading", async () => {
      const [shown, waiting] = await Promise.all([
        this.#ports.api.deskList(filter, ""),
        filter === "waiting" ? undefined : this.#ports.api.deskList("waiting", ""),
      ]);
      if (filter !== this.filter) return;
      this.rows = filter === "waiting" ? inOrder(shown.items) : shown.items;
      this.next_cursor = shown.next_cursor ?? "";
      this.waiting_count = (waiting ?? shown).items.length;
      this.is_loading = false;
      for (const { id, last_message = "" } of this.rows) if (!this.seen.has(id)) this.seen.set(id, last_message);
    }, () => void this.refresh());
  }

  async loadMore() {
    if (!this.next_cursor || this.rows.length >= ROWS_MAX) return;
    await this.#attempt("reading", async () => {
      const more = await this.#ports.api.deskList(this.filter, this.next_cursor);
      const known = new Set(this.rows.map(({ id }) => id));
      this.rows = [...this.rows, ...more.items.filter(({ id }) => !known.has(id))];
      this.next_cursor = more.next_cursor ?? "";
    }, () => void this.loadMore());
  }

  /** @param {string} id empty closes the open conversation */
  async select(id) {
    this.selected_id = id;
    this.detail = undefined;
    this.#ports.on_change();
    if (id) await this.#refreshDetail();
  }

  async #refreshDetail() {
    const id = this.selected_id;
    await this.#attempt("reading", async () => {
      const detail = await this.#ports.api.deskConversation(id);
      if (id === this.selected_id) this.#setDetail(detail);
    }, () => void this.#refreshDetail());
  }

  /** @param {DeskConversation} detail */
  #setDetail(detail) {
    this.detail = detail;
    const last = detail.messages.at(-1);
    if (last) this.seen.set(detail.id, last.text);
  }

  /** Whether the signed-in person owns the open conversation. */
  get is_mine() {
    const { detail } = this;
    return detail?.status === "with_agent" && (!detail.assignee || !this.name || detail.assignee === this.name);
  }

  get can_take() {
    return this.detail?.status === "waiting_for_agent" || this.detail?.status === "open";
  }

  /** Takes the open conversation over, and shows it among those that are with people. */
  async take() {
    if (!this.can_take || !(await this.#act("take", {}))) return false;
    if (this.filter !== "with_agent") await this.show("with_agent");
    return true;
  }

  /** @param {string} text */
  async reply(text) {
    const id = this.selected_id;
    if (this.#reply.text !== text || this.#reply.id !== id) this.#reply = { key: this.#ports.new_key(), text, id };
    const is_done = await this.#act("reply", { text }, this.#reply.key);
    if (is_done) this.#reply = { key: "", text: "", id: "" };
    return is_done;
  }

  /** @param {"return"|"resolve"} verb @param {string} note */
  finish(verb, note) {
    return this.#act(verb, note ? { note } : {});
  }

  /**
   * @param {"take"|"reply"|"return"|"resolve"} verb
   * @param {object} body
   * @param {string} key
   */
  async #act(verb, body, key = this.#ports.new_key()) {
    const id = this.selected_id;
    if (!id || this.is_acting) return false;
    this.is_acting = true;
    this.#ports.on_change();
    const is_done = await this.#attempt("action", async () => {
      const detail = await this.#ports.api.deskAct(id, verb, body, key);
      if (id === this.selected_id) this.#setDetail(detail);
    });
    this.is_acting = false;
    this.#ports.on_change();
    this.#refreshSoon();
    return is_done;
  }

  /**
   * @param {Trouble["of"]} of
   * @param {() => Promise<void>} run
   * @param {(() => void)=} again
   */
  async #attempt(of, run, again) {
    try {
      await run();
      if (of === "action" || this.trouble?.of === "reading") this.trouble = undefined;
      this.#ports.on_change();
      return true;
    } catch (error) {
      this.#fail(error, of, again);
      return false;
    }
  }

  /** @param {unknown} error @param {Trouble["of"]} of @param {(() => void)=} again */
  #fail(error, of, again) {
    if (error instanceof Problem && [401, 403].includes(error.status)) return this.signOut("Your sign-in has ended. Sign in again to go on.");
    if (of === "reading" && this.trouble?.of === "action") return;
    const advice = ADVICE[adviceFor(error)] ?? "";
    const detail = error instanceof Problem && error.kind === "refused" && error.status < 500 ? error.detail : "";
    const code = error instanceof Problem && error.code ? `Reference ${error.code}.` : "";
    const reason = detail ? `${detail.charAt(0).toUpperCase()}${detail.slice(1).replace(/\.$/, "")}.` : "";
    this.trouble = { text: [advice, reason, code].filter(Boolean).join(" "), of, again: error instanceof Problem && error.is_temporary ? again : undefined };
    this.#ports.on_change();
  }

  /** @param {ServerEvent} event */
  #onEvent({ event }) {
    if (event === "ping") return;
    if (event === "handoff.requested") this.#ports.announce("A customer asks for a person.");
    this.#refreshSoon();
  }

  /** Many events at once cause one reading. */
  #refreshSoon() {
    if (this.#is_refresh_due) return;
    this.#is_refresh_due = true;
    this.#ports.later(() => {
      this.#is_refresh_due = false;
      if (this.token) void this.refresh();
    }, REFRESH_MS);
  }
}
