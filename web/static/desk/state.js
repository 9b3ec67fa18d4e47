// What does the desk know? Who is signed in, who waits, which conversation is open, and what went wrong last.
/** @import { Api } from "../shared/api.js" */
/** @import { Approval, DeskConversation, DeskRecords, DeskRow } from "../shared/types.js" */
/** @import { ServerEvent } from "../shared/sse.js" */
import { adviceFor, Problem } from "../shared/problem.js";

const STORE_KEY = "ombud.desk";
const SEEN_KEY = "ombud.desk.seen";
const REFRESH_MS = 250;
/** The stable code of an act on a conversation that somebody else has. */
const NOT_YOURS = "OM-0403";
/** That of an approval that is not the reader's to give: he is signed in all the same. */
const NOT_TO_APPROVE = "OM-0205";
const ROWS_MAX = 1_000;

/** So long after a conversation was lost, single keys do nothing: they were meant for the reply. */
const LOST_MS = 5_000;

/** The newest state of so many conversations is remembered as seen. */
const SEEN_MAX = 500;

/** @type {Filter[]} */
const KINDS = ["waiting", "mine", "with_agent", "open", "resolved"];

/** @typedef {"waiting"|"mine"|"with_agent"|"open"|"resolved"} Filter */
/** What went wrong with an action stays until the next action; with a reading, until a reading succeeds. */
/** @typedef {{text: string, of: "action"|"reading", again?: () => void}} Trouble */
/**
 * @typedef {object} Ports
 * @property {Api} api
 * @property {Pick<Storage, "getItem"|"setItem"|"removeItem">} storage of this tab
 * @property {Pick<Storage, "getItem"|"setItem">} lasting of this browser; holds ids and times, never a word
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

/** Who has a conversation that was mine. @param {DeskConversation} detail */
export function lostText({ status, assignee }) {
  if (status === "with_agent") return `${assignee ?? "A colleague"} took this over.`;
  return status === "resolved" ? "This was resolved meanwhile." : "The AI assistant has this again.";
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

/** @param {Ports["lasting"]} lasting @returns {Map<string, string>} */
function readSeen(lasting) {
  try {
    const kept = JSON.parse(lasting.getItem(SEEN_KEY) ?? "[]");
    return new Map(Array.isArray(kept) ? kept.filter((pair) => Array.isArray(pair) && pair.length === 2) : []);
  } catch {
    return new Map();
  }
}

export class Desk {
  /** @type {Ports} */ #ports;
  /** @type {{close: () => void} | undefined} */ #stream;
  #is_refresh_due = false;
  /** The key of a reply that may have to be sent again. */
  #reply = { key: "", text: "", id: "" };
  /** After which turns and acts the records were read. */ #records_of = "";
  /** Of which state of one's own conversations was told. @type {Map<string, string>} */ #announced = new Map();

  token = "";
  name = "";
  /** @type {Filter} */ filter = "waiting";
  /** @type {DeskRow[]} */ rows = [];
  next_cursor = "";
  selected_id = "";
  /** @type {DeskConversation | undefined} */ detail;
  /** What the company's systems hold of the open conversation's customer. @type {DeskRecords | undefined} */ records;
  /** What waits for the approval of people. @type {Approval[]} */ approvals = [];
  /** @type {"idle"|"open"|"retrying"|"refused"} */ connection = "idle";
  /** @type {Trouble | undefined} */ trouble;
  is_loading = true;
  is_acting = false;
  /** When each conversation that was opened here stood as it was seen. @type {Map<string, string>} */ seen;
  /** One's own conversations, whichever list is shown. @type {DeskRow[]} */ mine = [];
  /** How many there are of each kind. @type {Partial<Record<Filter, number>>} */ counts = {};
  /** The open conversation, when it was mine until somebody else took or ended it. @type {{id: string, at_ms: number} | undefined} */ lost;

  /** @param {Ports} ports */
  constructor(ports) {
    this.#ports = ports;
    this.token = ports.storage.getItem(STORE_KEY) ?? "";
    this.name = nameIn(this.token);
    this.seen = readSeen(ports.lasting);
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
    Object.assign(this, { token: "", name: "", rows: [], mine: [], approvals: [], counts: {}, selected_id: "", detail: undefined, records: undefined, lost: undefined, connection: "idle", is_loading: true });
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
    await Promise.all([this.#refreshRows(), this.#refreshApprovals(), this.selected_id ? this.#refreshDetail() : undefined]);
  }

  /** What needs approval; the inbox goes on without it. */
  async #refreshApprovals() {
    const before = new Set(this.approvals.map(({ id }) => id));
    const list = await this.#ports.api.deskApprovals().catch(() => undefined);
    if (!list || !this.token) return;
    this.approvals = list.items;
    const fresh = list.items.filter(({ id, is_yours }) => is_yours && !before.has(id));
    if (fresh.length > 0) this.#ports.announce(fresh.length > 1 ? `${fresh.length} requests wait for your approval.` : "A request waits for your approval.");
    this.#ports.on_change();
  }

  /**
   * Answers what waits for approval, exactly as it was seen.
   * @param {Approval} approval
   * @param {{answer: "approve"|"refuse", reason?: string}} answer
   */
  async decide(approval, answer) {
    if (this.is_acting) return false;
    this.is_acting = true;
    const is_done = await this.#attempt("action", async () => {
      const after = await this.#ports.api.deskDecide(approval, answer);
      this.approvals = this.approvals.map((one) => (one.id === after.id ? after : one));
    });
    this.is_acting = false;
    this.#refreshSoon();
    return is_done;
  }

  async #refreshRows() {
    const { filter } = this;
    await this.#attempt("reading", async () => {
      const { api } = this.#ports;
      const whole = (/** @type {Filter} */ kind) => kind === filter || kind === "mine";
      const lists = await Promise.all(KINDS.map((kind) => (whole(kind) ? api.deskList(kind, "") : api.deskList(kind, "", 1))));
      if (filter !== this.filter) return;
      KINDS.forEach((kind, place) => {
        const list = lists[place] ?? { items: [] };
        this.counts[kind] = list.total ?? list.items.length;
        if (kind === "mine") this.mine = list.items;
        if (kind !== filter) return;
        this.rows = filter === "waiting" ? inOrder(list.items) : this.#others(list.items);
        this.next_cursor = list.next_cursor ?? "";
      });
      this.counts.with_agent = Math.max(0, (this.counts.with_agent ?? 0) - (this.counts.mine ?? 0));
      this.is_loading = false;
      for (const row of [...this.rows, ...this.mine]) if (row.id === this.selected_id) this.#see(row);
      this.#announceMine();
    }, () => void this.refresh());
  }

  /** Among those of colleagues, one's own are left out: they have a list of their own. @param {DeskRow[]} rows */
  #others(rows) {
    return this.filter === "with_agent" ? rows.filter(({ assignee }) => !assignee || assignee !== this.name) : rows;
  }

  /** Customers of one's own who wrote and are not on the screen are announced, each once. */
  #announceMine() {
    const fresh = this.mine.filter((row) => this.isUnread(row) && this.#announced.get(row.id) !== row.updated_at);
    for (const row of fresh) this.#announced.set(row.id, row.updated_at ?? "");
    const [first] = fresh;
    if (first) this.#ports.announce(fresh.length > 1 ? `${fresh.length} of your customers wrote.` : `${first.customer_name || "A customer"} of yours wrote.`);
  }

  /** How many of one's own conversations have something new. */
  get unread_mine() {
    return this.mine.filter((row) => this.isUnread(row)).length;
  }

  async loadMore() {
    if (!this.next_cursor || this.rows.length >= ROWS_MAX) return;
    await this.#attempt("reading", async () => {
      const more = await this.#ports.api.deskList(this.filter, this.next_cursor);
      const known = new Set(this.rows.map(({ id }) => id));
      this.rows = [...this.rows, ...this.#others(more.items).filter(({ id }) => !known.has(id))];
      this.next_cursor = more.next_cursor ?? "";
    }, () => void this.loadMore());
  }

  /** @param {string} id empty closes the open conversation */
  async select(id) {
    this.selected_id = id;
    this.detail = undefined;
    this.records = undefined;
    this.#records_of = "";
    this.lost = undefined;
    this.#ports.on_change();
    if (id) await this.#refreshDetail();
  }

  async #refreshDetail() {
    const id = this.selected_id;
    await this.#attempt("reading", async () => {
      const detail = await this.#ports.api.deskConversation(id);
      if (id !== this.selected_id) return;
      const was_mine = this.is_mine;
      this.#setDetail(detail);
      // What I do myself ends in an answer of its own, not in a reading.
      if (this.is_mine) this.lost = undefined;
      else if (was_mine && !this.is_acting) {
        this.lost = { id, at_ms: Date.now() };
        this.#ports.announce(lostText(detail));
      }
    }, () => void this.#refreshDetail());
  }

  /** @param {DeskConversation} detail */
  #setDetail(detail) {
    this.detail = detail;
    void this.#readRecords(detail);
    const row = [...this.rows, ...this.mine].find(({ id }) => id === detail.id);
    if (row) this.#see(row);
  }

  /** Reads the records anew after every turn and act, which may have changed them. Without them the page shows what was handed over. @param {DeskConversation} detail */
  async #readRecords({ id, turns = [], notes = [] }) {
    const version = `${id} ${turns.length} ${notes.length}`;
    if (version === this.#records_of) return;
    this.#records_of = version;
    const records = await this.#ports.api.deskRecords(id).catch(() => undefined);
    if (id !== this.selected_id || !records) return;
    this.records = records;
    this.#ports.on_change();
  }

  /** The customer's name as the inbox has it. */
  get listed_name() {
    return [...this.rows, ...this.mine].find(({ id }) => id === this.selected_id)?.customer_name ?? "";
  }

  /** @param {DeskRow} row */
  #see({ id, updated_at = "" }) {
    if (this.seen.get(id) === updated_at) return;
    this.seen.delete(id);
    this.seen.set(id, updated_at);
    for (const oldest of this.seen.keys()) {
      if (this.seen.size <= SEEN_MAX) break;
      this.seen.delete(oldest);
    }
    try {
      this.#ports.lasting.setItem(SEEN_KEY, JSON.stringify([...this.seen]));
    } catch {
      // Full or forbidden: then a reload shows more as new, and nothing else is lost.
    }
  }

  /** Whether something happened in a conversation at the desk since it was open here. @param {DeskRow} row */
  isUnread({ id, status, updated_at = "" }) {
    return ["waiting_for_agent", "with_agent"].includes(status) && id !== this.selected_id && this.seen.get(id) !== updated_at;
  }

  /** Whether keys that were meant for a reply may still be under way to the page. */
  get was_just_lost() {
    return this.lost !== undefined && Date.now() - this.lost.at_ms < LOST_MS;
  }

  /** Whether the signed-in person owns the open conversation. */
  get is_mine() {
    const { detail } = this;
    return detail?.status === "with_agent" && (!detail.assignee || !this.name || detail.assignee === this.name);
  }

  /** From whom the open conversation could be taken; none when it is mine. @returns {"queue"|"colleague"|"closed"|undefined} */
  get can_take() {
    const { detail } = this;
    if (!detail || this.is_mine) return undefined;
    return detail.status === "with_agent" ? "colleague" : detail.status === "resolved" ? "closed" : "queue";
  }

  /** Takes the open conversation over, and shows it among one's own. @param {boolean} from_colleague on purpose, when a colleague has it */
  async take(from_colleague = false) {
    if (!this.can_take || !(await this.#act("take", from_colleague ? { from_colleague } : {}))) return false;
    if (this.filter !== "mine") await this.show("mine");
    return true;
  }

  /** Notes something for colleagues. @param {string} text */
  note(text) {
    return this.#act("note", { note: text });
  }

  /** @param {string} text */
  async reply(text) {
    const id = this.selected_id;
    if (this.#reply.text !== text || this.#reply.id !== id) this.#reply = { key: this.#ports.new_key(), text, id };
    const is_done = await this.#act("reply", { text }, this.#reply.key);
    if (is_done) this.#reply = { key: "", text: "", id: "" };
    return is_done;
  }

  /**
   * @param {"return"|"resolve"} verb
   * @param {{message?: string, note?: string, resume?: boolean}} words empty ones are left out
   */
  finish(verb, { message, note, resume }) {
    return this.#act(verb, { ...(message ? { message } : {}), ...(note ? { note } : {}), ...(resume ? { resume } : {}) });
  }

  /**
   * @param {"take"|"reply"|"note"|"return"|"resolve"} verb
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
    if (error instanceof Problem && [401, 403].includes(error.status) && error.code !== NOT_TO_APPROVE) return this.signOut("Your sign-in has ended. Sign in again to go on.");
    if (of === "reading" && this.trouble?.of === "action") return;
    if (of === "action" && error instanceof Problem && error.code === NOT_YOURS) return void this.#tellWhoWasFaster();
    const advice = ADVICE[adviceFor(error)] ?? "";
    const detail = error instanceof Problem && error.kind === "refused" && error.status < 500 ? error.detail : "";
    const code = error instanceof Problem && error.code ? `Reference ${error.code}.` : "";
    const reason = detail ? `${detail.charAt(0).toUpperCase()}${detail.slice(1).replace(/\.$/, "")}.` : "";
    this.trouble = { text: [advice, reason, code].filter(Boolean).join(" "), of, again: error instanceof Problem && error.is_temporary ? again : undefined };
    this.#ports.on_change();
  }

  /** Somebody has the conversation that I wanted to act on: says who. */
  async #tellWhoWasFaster() {
    await this.#refreshDetail();
    if (this.is_mine) return;
    const { status, assignee } = this.detail ?? {};
    const text = status === "with_agent" ? `${assignee ?? "A colleague"} was faster and has this conversation.` : "This conversation is not yours any more.";
    this.trouble = { text, of: "action" };
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
