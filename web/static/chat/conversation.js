// What does one visitor's conversation do? Opens sessions, sends in order, follows events, survives a reload.
/** @import { Api } from "../shared/api.js" */
/** @import { Awaiting, Conversation, Done, Message, Reply, Session, Stage, Status, Turn } from "../shared/types.js" */
/** @import { LocalMessage } from "./transcript.js" */
/** @import { ServerEvent } from "../shared/sse.js" */
import { adviceFor, Problem } from "../shared/problem.js";
import { Transcript } from "./transcript.js";

const STORE_KEY = "ombud.chat";
const RETRIES_MAX = 2;
const RETRY_AFTER_S_MAX = 30;

/** @typedef {{advice: string, code: string, seconds: number, again?: () => void}} Trouble */
/**
 * What is kept for a reload: never a message's text, never a code.
 * @typedef {{token: string, expires_at: string, customer_id: string, conversation_id: string, last_event_id: string, left_id: string, receipts: [string, Done[]][]}} Kept
 *
 * @typedef {object} Ports
 * @property {Api} api made with `token: () => chat.token`
 * @property {Pick<Storage, "getItem"|"setItem"|"removeItem">} storage
 * @property {(options: {url: string, last_event_id: string, on_event: (event: ServerEvent) => void, on_state: (state: "open"|"retrying"|"refused") => void}) => {close: () => void}} follow
 * @property {() => number} now_ms
 * @property {() => string} new_key
 * @property {(ms: number) => Promise<void>} sleep
 * @property {string} locale asked for; the server answers with the one it speaks
 * @property {() => void} on_change
 */

/** @type {Kept} */
const NOTHING_KEPT = { token: "", expires_at: "", customer_id: "", conversation_id: "", last_event_id: "", left_id: "", receipts: [] };

export class Chat {
  /** @type {Ports} */ #ports;
  /** @type {Kept} */ #kept;
  /** @type {{close: () => void} | undefined} */ #stream;
  #generation = 0;
  #is_pumping = false;

  transcript = new Transcript();
  /** @type {Status} */ status = "open";
  /** @type {Awaiting} */ awaiting = { kind: "none" };
  /** @type {"idle"|"open"|"retrying"|"refused"} */ connection = "idle";
  /** @type {Trouble | undefined} */ trouble;
  /** @type {Trouble | undefined} */ code_trouble;
  /** @type {Map<string, Turn>} */ turns = new Map();
  /** @type {Map<string, Done[]>} */ receipts;
  locale = "";
  market = "";
  agent_name = "";
  waiting_since = "";
  is_checking_code = false;

  /** @param {Ports} ports */
  constructor(ports) {
    this.#ports = ports;
    this.#kept = readKept(ports.storage);
    this.receipts = new Map(this.#kept.receipts);
    this.locale = ports.locale;
  }

  get token() { return this.#kept.token; }
  get customer_id() { return this.#kept.customer_id; }
  get conversation_id() { return this.#kept.conversation_id; }
  /** A conversation that was left while a person was asked for in it. */
  get left_id() { return this.#kept.left_id; }
  get has_person() { return this.status === "waiting_for_agent" || this.status === "with_agent"; }
  /** Whether a message is on its way to the server or its answer on the way back. */
  get is_busy() { return this.#is_pumping || this.is_checking_code; }

  /** Picks up the conversation of before a reload, if there is one. */
  async restore() {
    if (!this.conversation_id) return;
    this.#follow();
    await this.refresh();
  }

  /** Reads the whole conversation and its turns again. */
  async refresh() {
    const generation = this.#generation;
    try {
      const conversation = await this.#ports.api.conversation(this.conversation_id);
      if (generation !== this.#generation) return;
      this.trouble = undefined;
      this.#apply(conversation);
      this.transcript.receive(conversation.messages);
      const turns = await this.#ports.api.turns(this.conversation_id).catch(() => []);
      if (generation !== this.#generation) return;
      for (const turn of turns) this.turns.set(turn.turn_id, turn);
    } catch (error) {
      if (generation === this.#generation) this.trouble = this.#troubleOf(error, () => void this.refresh());
    }
    this.#ports.on_change();
  }

  /**
   * Queues a message; several in a row are sent one after the other, in order.
   * @param {string} text
   */
  send(text) {
    this.trouble = undefined;
    this.transcript.write(this.#ports.new_key(), text, new Date(this.#ports.now_ms()).toISOString());
    this.#ports.on_change();
    void this.#pump();
  }

  /** Sends again whatever failed, with the same keys, so that nothing is done twice. */
  retry() {
    this.trouble = undefined;
    for (const entry of this.transcript.entries()) {
      if (entry.kind === "local" && entry.local.state === "failed") this.transcript.update(entry.key, { state: "queued" });
    }
    this.#ports.on_change();
    void this.#pump();
  }

  /**
   * Sends a one-time code past the chat; it is not written to the transcript or the storage.
   * @param {string} code
   */
  async sendCode(code) {
    const generation = this.#generation;
    this.is_checking_code = true;
    this.code_trouble = undefined;
    this.#ports.on_change();
    try {
      const reply = await this.#ports.api.stepUp(this.conversation_id, code);
      if (generation !== this.#generation) return;
      this.#applyReply(reply);
      this.transcript.receive(reply.messages);
    } catch (error) {
      if (generation === this.#generation) this.code_trouble = this.#troubleOf(error);
    } finally {
      this.is_checking_code = false;
      this.#ports.on_change();
    }
  }

  /**
   * Leaves this conversation for an empty one.
   * @param {string} customer_id the demo customer to be, empty for a visitor
   */
  startOver(customer_id) {
    const keeps_session = customer_id === this.customer_id && this.#session_is_valid && !this.trouble?.advice.endsWith("session_over");
    this.#generation += 1;
    this.#stream?.close();
    this.#stream = undefined;
    this.#is_pumping = false;
    const { token, expires_at } = keeps_session ? this.#kept : NOTHING_KEPT;
    const left_id = !keeps_session ? "" : this.has_person ? this.conversation_id : this.left_id;
    this.#kept = { ...NOTHING_KEPT, customer_id, token, expires_at, left_id };
    this.#clear();
  }

  /** Goes back to the conversation that was left for this one. */
  async goBack() {
    const { left_id } = this;
    if (!left_id) return;
    this.#generation += 1;
    this.#stream?.close();
    this.#is_pumping = false;
    this.#kept = { ...this.#kept, conversation_id: left_id, left_id: "", last_event_id: "", receipts: [] };
    this.#clear();
    await this.restore();
  }

  #clear() {
    this.#keep();
    this.transcript = new Transcript();
    this.turns = new Map();
    this.receipts = new Map();
    Object.assign(this, {
      status: "open", awaiting: { kind: "none" }, connection: "idle", trouble: undefined, code_trouble: undefined,
      locale: this.#ports.locale, market: "", agent_name: "", waiting_since: "", is_checking_code: false,
    });
    this.#ports.on_change();
  }

  get #session_is_valid() {
    return this.#kept.token !== "" && !(Date.parse(this.#kept.expires_at) <= this.#ports.now_ms());
  }

  async #pump() {
    if (this.#is_pumping) return;
    const generation = this.#generation;
    this.#is_pumping = true;
    this.#ports.on_change();
    try {
      for (let next = this.transcript.nextQueued(); next; next = this.transcript.nextQueued()) {
        this.transcript.update(next.key, { state: "sending" });
        this.#ports.on_change();
        const reply = await this.#deliver(next, generation);
        if (generation !== this.#generation) return;
        this.#applyReply(reply);
        this.transcript.answered(next.key, reply.messages);
      }
    } catch (error) {
      if (generation === this.#generation) this.#failUnsent(error);
    } finally {
      if (generation === this.#generation) {
        this.#is_pumping = false;
        this.#ports.on_change();
      }
    }
  }

  /** @param {unknown} error */
  #failUnsent(error) {
    const trouble = this.#troubleOf(error);
    for (const entry of this.transcript.entries()) {
      if (entry.kind === "local" && ["queued", "sending"].includes(entry.local.state)) {
        this.transcript.update(entry.key, { state: "failed", advice: trouble.advice, code: trouble.code, retry_after_s: trouble.seconds });
      }
    }
    if (trouble.advice === "problem.session_over") this.trouble = trouble;
  }

  /**
   * @param {LocalMessage} message
   * @param {number} generation
   * @returns {Promise<Reply>}
   */
  async #deliver({ text, key, seen_seq }, generation) {
    await this.#ensureConversation(generation);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#ports.api.sendMessage(this.conversation_id, text, key, seen_seq);
      } catch (error) {
        const wait_s = error instanceof Problem && error.status === 429 ? error.retry_after_s : 0;
        if (attempt >= RETRIES_MAX || wait_s === 0 || wait_s > RETRY_AFTER_S_MAX) throw error;
        await this.#ports.sleep(wait_s * 1000);
        if (generation !== this.#generation) throw error;
      }
    }
  }

  /** @param {number} generation */
  async #ensureConversation(generation) {
    const { api, locale } = this.#ports;
    if (!this.#session_is_valid) {
      /** @type {Session} */
      const session = this.customer_id ? await api.openDemoSession(this.customer_id) : await api.openSession({ locale });
      if (generation !== this.#generation) return;
      this.#kept = { ...this.#kept, token: session.token, expires_at: session.expires_at };
      this.#keep();
    }
    if (this.conversation_id) return;
    const conversation = await api.openConversation({ locale });
    if (generation !== this.#generation) return;
    this.#kept = { ...this.#kept, conversation_id: conversation.id };
    this.#keep();
    this.#apply(conversation);
    this.transcript.receive(conversation.messages);
    this.#follow();
    this.#ports.on_change();
  }

  #follow() {
    this.#stream?.close();
    const generation = this.#generation;
    let is_first = true;
    this.#stream = this.#ports.follow({
      url: this.#ports.api.eventsUrl(this.conversation_id),
      last_event_id: this.#kept.last_event_id,
      on_event: (event) => generation === this.#generation && this.#onEvent(event),
      on_state: (state) => {
        if (generation !== this.#generation) return;
        this.connection = state;
        // The server may have forgotten the events of a long absence; the conversation itself it never forgets.
        if (state === "open" && !is_first) void this.refresh();
        if (state === "open") is_first = false;
        this.#ports.on_change();
      },
    });
  }

  /** @param {ServerEvent} event */
  #onEvent({ id, event, data }) {
    if (id) {
      this.#kept = { ...this.#kept, last_event_id: id };
      this.#keep();
    }
    if (event === "ping") return;
    const body = parseObject(data);
    if (!body) return;
    if (event === "message.created") this.transcript.receive([/** @type {Message} */ (/** @type {unknown} */ (body))]);
    if (event === "conversation.updated") this.#apply(/** @type {Partial<Conversation>} */ (body));
    if (event === "handoff.requested") this.#apply({ status: "waiting_for_agent" });
    if (event === "handoff.accepted") {
      this.agent_name = String(body.agent_name ?? body.assignee ?? "");
      this.#apply({ status: "with_agent" });
    }
    if (event === "handoff.returned") this.#apply({ status: "open" });
    this.#ports.on_change();
  }

  /**
   * The answer to a request may be older than what the stream has told since: where the stream already brought its messages,
   * the stream also tells the state.
   * @param {Reply} reply
   */
  #applyReply(reply) {
    const is_told = this.connection === "open" && reply.messages.length > 0 && this.transcript.has(reply.messages);
    if (!is_told) this.#apply(reply);
    if (reply.done?.length) {
      this.receipts.set(reply.turn_id, reply.done.map(({ action, receipt_id }) => ({ action, receipt_id })));
      this.#kept = { ...this.#kept, receipts: [...this.receipts] };
      this.#keep();
    }
    if (reply.stages?.length) this.#addTurn(reply.turn_id, reply.stages);
  }

  /** @param {string} turn_id @param {Stage[]} stages */
  #addTurn(turn_id, stages) {
    this.turns.set(turn_id, { turn_id, at: new Date(this.#ports.now_ms()).toISOString(), stages });
  }

  /** @param {{status?: Status, awaiting?: Awaiting, locale?: string, market?: string, agent_name?: string}} news */
  #apply(news) {
    if (news.status) {
      if (news.status === "waiting_for_agent" && this.status !== news.status) {
        this.waiting_since = new Date(this.#ports.now_ms()).toISOString();
      }
      if (news.status !== "with_agent") this.agent_name = "";
      this.status = news.status;
    }
    if (news.agent_name && this.status === "with_agent") this.agent_name = news.agent_name;
    if (news.awaiting) {
      if (news.awaiting.slot !== this.awaiting.slot) this.code_trouble = undefined;
      this.awaiting = news.awaiting;
    }
    if (news.locale) this.locale = news.locale;
    if (news.market) this.market = news.market;
  }

  /** @param {unknown} error @param {(() => void)=} again @returns {Trouble} */
  #troubleOf(error, again) {
    const problem = error instanceof Problem ? error : undefined;
    const advice = adviceFor(error);
    return { advice, code: problem?.code ?? "", seconds: Math.ceil(problem?.retry_after_s || 10), again: problem?.is_temporary ? again : undefined };
  }

  #keep() {
    try {
      this.#ports.storage.setItem(STORE_KEY, JSON.stringify(this.#kept));
    } catch {
      // Storage can be full or forbidden; then a reload starts afresh, and nothing else is lost.
    }
  }
}

/** @param {Ports["storage"]} storage @returns {Kept} */
function readKept(storage) {
  try {
    return { ...NOTHING_KEPT, ...parseObject(storage.getItem(STORE_KEY) ?? "") };
  } catch {
    return { ...NOTHING_KEPT };
  }
}

/** @param {string} text @returns {Record<string, unknown> | undefined} */
function parseObject(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
