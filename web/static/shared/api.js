// How do the pages call the HTTP API?
/** @import { Conversation, Reply, Turn, Health, Session, DemoCustomer, OutboxMessage, DeskRow, DeskConversation, DeskRecords, Approval } from "./types.js" */
import { Problem, problemFrom } from "./problem.js";

const DEADLINE_MS = 60_000;

/**
 * @typedef {object} RequestOptions
 * @property {unknown=} body
 * @property {Record<string, string>=} headers
 * @property {string=} token replaces the caller's own token
 */

/** The API's address, found from this file's own, so that the pages also work below a path prefix. */
export function apiBase() {
  return new URL("../../api/v1/", import.meta.url).href;
}

/** A random idempotency key; also works where the page is not a secure context. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {object} options
 * @param {string} options.base ends with a slash
 * @param {() => string} options.token empty for none
 * @param {typeof window.fetch=} options.fetch
 */
export function makeApi({ base, token, fetch = globalThis.fetch.bind(globalThis) }) {
  /**
   * @template T
   * @param {"GET"|"POST"} method
   * @param {string} path
   * @param {RequestOptions} options
   * @returns {Promise<T>}
   */
  async function request(method, path, { body, headers = {} } = {}) {
    const bearer = token();
    let response;
    try {
      response = await fetch(base + path, {
        method,
        headers: {
          Accept: "application/json",
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "omit",
        cache: "no-store",
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      if (response.ok) return /** @type {T} */ (response.status === 204 ? undefined : await response.json());
    } catch (error) {
      const is_late = error instanceof DOMException && error.name === "TimeoutError";
      throw new Problem({ kind: is_late ? "deadline" : "network", detail: String(error) });
    }
    throw await problemFrom(response);
  }

  const id = encodeURIComponent;
  return {
    /** @returns {Promise<Health>} */
    health: () => request("GET", "health"),
    /** @param {{locale?: string}} body @returns {Promise<Session>} */
    openSession: (body) => request("POST", "sessions", { body }),
    /** @param {string} customer_id @returns {Promise<Session>} */
    openDemoSession: (customer_id) => request("POST", "demo/sessions", { body: { customer_id } }),
    /** @returns {Promise<DemoCustomer[]>} */
    demoCustomers: () => request("GET", "demo/customers"),
    /** @param {string} customer_id empty for everybody's @returns {Promise<OutboxMessage[]>} */
    demoOutbox: (customer_id) => request("GET", `demo/outbox${customer_id ? `?customer_id=${id(customer_id)}` : ""}`),
    /** @param {{locale?: string}} body @returns {Promise<Conversation>} */
    openConversation: (body) => request("POST", "conversations", { body }),
    /** @param {string} conversation @returns {Promise<Conversation>} */
    conversation: (conversation) => request("GET", `conversations/${id(conversation)}`),
    /** @param {string} conversation @param {string} text @param {string} key @param {number} seen_seq @returns {Promise<Reply>} */
    sendMessage: (conversation, text, key, seen_seq) =>
      request("POST", `conversations/${id(conversation)}/messages`, { body: { text, seen_seq }, headers: { "Idempotency-Key": key } }),
    /** @param {string} conversation @param {string} code @returns {Promise<Reply>} */
    stepUp: (conversation, code) => request("POST", `conversations/${id(conversation)}/step_up`, { body: { code } }),
    /** @param {string} conversation @returns {Promise<Turn[]>} */
    turns: (conversation) => request("GET", `conversations/${id(conversation)}/turns`),
    /** @param {string} article @param {string} market @param {string} locale @returns {Promise<{id: string, title: string, body: string}>} */
    article: (article, market, locale) => request("GET", `articles/${id(article)}?market=${id(market)}&locale=${id(locale)}`),
    /** @param {string} conversation */
    eventsUrl: (conversation) => `${base}conversations/${id(conversation)}/events`,

    /** @param {string} name @returns {Promise<{token: string}>} */
    openDemoStaff: (name) => request("POST", "demo/staff", { body: { name } }),
    /** @param {string} status `mine` for one's own @param {string} cursor @param {number=} limit rows @returns {Promise<{items: DeskRow[], next_cursor?: string, total?: number}>} */
    deskList: (status, cursor, limit) =>
      request("GET", `desk/conversations?status=${status === "mine" ? "with_agent&mine=true" : id(status)}${cursor ? `&cursor=${id(cursor)}` : ""}${limit ? `&limit=${limit}` : ""}`),
    /** @param {string} conversation @returns {Promise<DeskConversation>} */
    deskConversation: (conversation) => request("GET", `desk/conversations/${id(conversation)}`),
    /** @param {string} conversation @returns {Promise<DeskRecords>} */
    deskRecords: (conversation) => request("GET", `desk/conversations/${id(conversation)}/records`),
    /** @param {string} conversation @param {"take"|"reply"|"note"|"return"|"resolve"} verb @param {object} body @param {string} key @returns {Promise<DeskConversation>} */
    deskAct: (conversation, verb, body, key) =>
      request("POST", `desk/conversations/${id(conversation)}/${verb}`, { body, headers: { "Idempotency-Key": key } }),
    /** @returns {Promise<{items: Approval[]}>} */
    deskApprovals: () => request("GET", "desk/approvals"),
    /** @param {Approval} approval as it was seen @param {{answer: "approve"|"refuse", reason?: string}} answer @returns {Promise<Approval>} */
    deskDecide: (approval, answer) =>
      request("POST", `desk/conversations/${id(approval.conversation_id)}/approvals/${id(approval.id)}`, { body: { ...answer, digest: approval.digest } }),
    deskEventsUrl: () => `${base}desk/events`,
  };
}

/** @typedef {ReturnType<typeof makeApi>} Api */
