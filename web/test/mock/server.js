// A stand-in for the HTTP API: the pages' tests run against it, and it serves the pages with the strict headers they must live with.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { ARTICLE, COMPANY, CUSTOMERS, FALLBACK, GREETING, HANDOVER, NOTED, RECORDS, redact, SCRIPT, stages, WAITING } from "./fixtures.js";

const STATIC = fileURLToPath(new URL("../../static/", import.meta.url));
const TYPES = /** @type {Record<string, string>} */ ({ ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml" });
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const BODY_BYTES_MAX = 64 * 1024;
const PAGE_ROWS = 50;

/** @typedef {import("node:http").IncomingMessage} Incoming */
/** @typedef {import("node:http").ServerResponse} Outgoing */
/** @typedef {{status: number, body: any, headers?: Record<string, string>}} Answer */

export class Mock {
  is_demo = true;
  company = COMPANY;
  /** @type {Map<string, any>} */ conversations = new Map();
  /** What waits for approval. @type {any[]} */ approvals = [];
  /** @type {Map<string, any[]>} */ outbox = new Map();
  /** @type {{id: number, topic: string, event: string, data: object}[]} */ events = [];
  /** @type {Set<{topic: string, response: Outgoing}>} */ streams = new Set();
  /** Requests seen, for tests to look at. @type {{method: string, path: string, headers: any, body: any}[]} */ seen = [];
  /** @type {{match: RegExp, answer: Answer | "drop" | "drop_after"}[]} */ faults = [];
  /** @type {Map<string, Answer>} */ replies = new Map();
  delay_ms = 0;
  #ids = 0;
  server = createServer((request, response) => void this.#serve(request, response).catch(() => response.destroy()));

  /** @param {number} port 0 for a free one @returns {Promise<string>} the address */
  async listen(port = 0) {
    await new Promise((resolve) => this.server.listen(port, "127.0.0.1", () => resolve(undefined)));
    const address = /** @type {import("node:net").AddressInfo} */ (this.server.address());
    return `http://127.0.0.1:${address.port}`;
  }

  async close() {
    this.dropStreams();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  dropStreams() {
    for (const { response } of this.streams) response.destroy();
  }

  /** The next request whose "METHOD path" fits is answered with this. @param {RegExp} match @param {Answer | "drop" | "drop_after"} answer */
  failNext(match, answer) {
    this.faults.push({ match, answer });
  }

  #id(/** @type {string} */ prefix) {
    this.#ids += 1;
    return `${prefix}-${String(this.#ids).padStart(6, "0")}`;
  }

  /** @param {string} topic @param {string} event @param {object} data */
  publish(topic, event, data) {
    const entry = { id: this.events.length + 1, topic, event, data };
    this.events.push(entry);
    for (const stream of this.streams) if (stream.topic === topic) writeEvent(stream.response, entry);
  }

  /** @param {any} conversation @param {object} fields */
  addMessage(conversation, fields) {
    const message = { id: this.#id("msg"), seq: conversation.messages.length + 1, at: new Date().toISOString(), citations: [], ...fields };
    conversation.messages.push(message);
    this.publish(conversation.id, "message.created", message);
    return message;
  }

  /** @param {any} conversation @param {object} change */
  change(conversation, change) {
    Object.assign(conversation, change);
    this.publish(conversation.id, "conversation.updated", { status: conversation.status, awaiting: conversation.awaiting });
    this.publish("desk", "conversation.updated", { conversation_id: conversation.id, status: conversation.status });
  }

  /** @param {string} customer_id @param {string} locale */
  newConversation(customer_id, locale = "en") {
    const conversation = { id: this.#id("conv"), status: "open", locale, market: "SE", created_at: new Date().toISOString(),
      messages: [], awaiting: { kind: "none" }, customer_id, turns: [], notes: [], previous: [], handover: undefined, assignee: undefined, priority: "normal" };
    this.conversations.set(conversation.id, conversation);
    this.addMessage(conversation, { author: "assistant", text: GREETING });
    return conversation;
  }

  /** Puts a waiting conversation on the desk. @param {object} row @param {object} handover */
  seedHandover(row = {}, handover = {}) {
    const conversation = this.newConversation("C-100001", "sv");
    for (const [author, text] of [["customer", "I want to return something"], ["assistant", SCRIPT[1]?.text ?? ""], ["customer", "The size 39. And can Friday's payment wait?"], ["customer", "I want a person"], ["assistant", SCRIPT[0]?.text ?? ""]]) {
      const before = /** @type {any} */ (conversation.messages.at(-1));
      const turn_id = author === "assistant" ? this.#addTurn(conversation).turn_id : undefined;
      if (turn_id && before?.author === "customer") Object.assign(before, { turn_id });
      this.addMessage(conversation, { author, text, ...(turn_id ? { turn_id } : {}) });
    }
    Object.assign(conversation, { status: "waiting_for_agent", awaiting: WAITING }, row);
    this.#note(conversation, { act: "requested", reason_code: HANDOVER.reason_code });
    conversation.handover = /** @type {any} */ ({ ...HANDOVER, requested_at: new Date(Date.now() - 4 * 60_000).toISOString(), ...handover });
    this.publish("desk", "handoff.requested", { conversation_id: conversation.id });
    return conversation;
  }

  /** Puts a proposal before the desk that two people must approve. */
  seedApproval() {
    const conversation = this.newConversation("C-100001");
    const approval = { id: this.#id("appr"), conversation_id: conversation.id, customer_id: "C-100001", customer_name: "Ada Lindqvist", action: "cancel_order",
      arguments: { order_id: "ORD-100234", reason: "changed_mind" }, summary: "Shall I cancel your order ORD-100234 (Sofa from Fjell & Fot, 12,400.00 SEK)? The 12,400.00 SEK you've paid goes back.",
      said: "please cancel the sofa, it is far too big", rules: ["large-refund-kronor"], amount_minor: 1_240_000, currency: "SEK", digest: "ab".repeat(32), approvers: 2, given: /** @type {any[]} */ ([]),
      requested_at: new Date(Date.now() - 4 * 60_000).toISOString(), expires_at: new Date(Date.now() + 86_000_000).toISOString() };
    this.approvals.push(approval);
    this.publish("desk", "approval.requested", { conversation_id: conversation.id });
    return approval;
  }

  /** @param {any} conversation */
  #addTurn(conversation) {
    const turn = { turn_id: this.#id("turn"), at: new Date().toISOString(), stages: stages(1 + conversation.turns.length * 0.3) };
    conversation.turns.push(turn);
    return turn;
  }

  /** @param {Incoming} request @param {Outgoing} response */
  async #serve(request, response) {
    const url = new URL(request.url ?? "/", "http://mock");
    if (!url.pathname.startsWith("/api/v1/")) return this.#serveFile(url.pathname, response);
    const path = url.pathname.slice("/api/v1".length);
    const body = await readBody(request);
    const method = request.method ?? "GET";
    this.seen.push({ method, path: path + url.search, headers: request.headers, body });
    const fault_at = this.faults.findIndex(({ match }) => match.test(`${method} ${path}`));
    const fault = fault_at >= 0 ? this.faults.splice(fault_at, 1)[0]?.answer : undefined;
    if (fault === "drop") return void request.socket.destroy();
    if (fault && fault !== "drop_after") return send(response, fault);
    if (path.endsWith("/events")) return this.#stream(path, request, response);
    const answer = await this.#answer(method, path, url.searchParams, body, request.headers);
    if (fault === "drop_after") return void request.socket.destroy();
    send(response, answer);
  }

  /** @param {string} path @param {Outgoing} response */
  async #serveFile(path, response) {
    const file = path === "/" ? "chat/index.html" : path === "/desk" ? "desk/index.html" : path.replace(/^\/assets\//, "");
    const full = normalize(join(STATIC, file));
    const found = full.startsWith(STATIC.endsWith(sep) ? STATIC : STATIC + sep) && (await stat(full).catch(() => undefined))?.isFile();
    if (!found) return send(response, problem(404, "OM-0404", "no such page"));
    response.writeHead(200, { "Content-Type": TYPES[extname(full)] ?? "application/octet-stream", "Content-Security-Policy": CONTENT_SECURITY_POLICY,
      "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache" });
    createReadStream(full).pipe(response);
  }

  /** @param {string} path @param {Incoming} request @param {Outgoing} response */
  #stream(path, request, response) {
    const topic = path === "/desk/events" ? "desk" : path.split("/")[2] ?? "";
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": open\n\n");
    const after = request.headers["last-event-id"];
    if (after !== undefined) for (const entry of this.events) if (entry.topic === topic && entry.id > Number(after)) writeEvent(response, entry);
    const stream = { topic, response };
    this.streams.add(stream);
    response.on("close", () => this.streams.delete(stream));
  }

  /** @param {string} method @param {string} path @param {URLSearchParams} query @param {any} body @param {any} headers @returns {Promise<Answer>} */
  async #answer(method, path, query, body, headers) {
    const route = `${method} ${path}`;
    if (route === "GET /health") return ok({ status: "ok", version: "0.1.0", rung: "1", pack: { name: "paylater", hash: "4f1c" }, model: { configured: false }, demo: this.is_demo, company: { name: this.company } });
    if (route === "GET /demo/customers") return ok(CUSTOMERS);
    if (route === "GET /demo/outbox") return ok(this.outbox.get(query.get("customer_id") ?? "") ?? []);
    if (route === "POST /sessions" || route === "POST /demo/sessions") {
      const session_id = this.#id("sess");
      return { status: 201, body: { token: tokenOf({ sub: session_id, role: "customer", customer_id: body.customer_id ?? "" }), expires_at: new Date(Date.now() + 3_600_000).toISOString(), session_id } };
    }
    if (route === "POST /demo/staff") return ok({ token: tokenOf({ sub: "staff-1", role: "staff", name: body.name }) });
    const claims = claimsOf(headers.authorization);
    if (!claims) return problem(401, "OM-0401", "the token is missing or has ended");
    if (route === "POST /conversations") return { status: 201, body: publicView(this.newConversation(claims.customer_id, body.locale)) };
    const [, area, ...rest] = path.split("/");
    if (area === "articles") return rest[0] === "KB-014" ? ok({ id: "KB-014", title: "Returning something you bought", locale: "en", body: ARTICLE }) : problem(404, "OM-0404", "no such article");
    if (area === "conversations") return this.#conversation(method, rest, body, headers);
    if (area === "desk" && claims.role === "staff") return this.#desk(rest, query, body, claims);
    return problem(404, "OM-0404", "no such thing");
  }

  /** @param {string} method @param {string[]} rest @param {any} body @param {any} headers @returns {Promise<Answer>} */
  async #conversation(method, [id = "", what = ""], body, headers) {
    const conversation = this.conversations.get(id);
    if (!conversation) return problem(404, "OM-0404", "no such conversation");
    if (method === "GET" && what === "") return ok(publicView(conversation));
    if (what === "turns") return ok(conversation.turns);
    if (what === "step_up") return ok(this.#checkCode(conversation, body.code));
    const key = headers["idempotency-key"] ?? "";
    const stored = this.replies.get(key);
    if (stored) return stored;
    const answer = ok(await this.#reply(conversation, String(body.text)));
    if (key) this.replies.set(key, answer);
    return answer;
  }

  /** @param {any} conversation @param {string} text */
  async #reply(conversation, text) {
    const first = conversation.messages.length;
    if (conversation.status === "resolved") this.addMessage(conversation, { author: "system", text: "A new conversation" });
    this.addMessage(conversation, { author: "customer", text: redact(text) });
    const line = SCRIPT.find(({ when }) => when.test(text)) ?? { ...FALLBACK };
    await new Promise((resolve) => setTimeout(resolve, ("slow_ms" in line ? line.slow_ms : 0) || this.delay_ms));
    if (conversation.status === "resolved") this.change(conversation, { status: "open", awaiting: { kind: "none" } });
    if (conversation.status === "waiting_for_agent" && /assistant|no person/i.test(text)) {
      conversation.noted = 0;
      this.publish("desk", "handoff.withdrawn", { conversation_id: conversation.id });
      this.addMessage(conversation, { author: "assistant", text: "All right, you're writing with me, the AI assistant, again." });
      this.change(conversation, { status: "open", awaiting: { kind: "anything_else" } });
      return this.#replyOf(conversation, first, "", {});
    }
    if (conversation.status === "waiting_for_agent") {
      conversation.noted = (conversation.noted ?? 0) + 1;
      this.addMessage(conversation, conversation.noted === 1 ? { author: "assistant", text: NOTED } : { author: "system", text: "Added for your colleague." });
      this.change(conversation, {});
    }
    if (conversation.status !== "open") return this.#replyOf(conversation, first, "", {});
    const turn = this.#addTurn(conversation);
    if ("outbox" in line && line.outbox) this.outbox.set(conversation.customer_id, [{ at: new Date().toISOString(), channel: "sms", to: "+46 ·· ··· ·· 42", text: line.outbox }, ...(this.outbox.get(conversation.customer_id) ?? [])]);
    this.addMessage(conversation, { author: "assistant", text: line.text, citations: "citations" in line ? line.citations ?? [] : [], turn_id: turn.turn_id });
    const status = "status" in line && line.status ? line.status : conversation.status;
    if (status === "waiting_for_agent") conversation.handover = { ...HANDOVER, requested_at: new Date().toISOString() };
    this.change(conversation, { awaiting: line.awaiting, status });
    if (status === "waiting_for_agent") this.publish("desk", "handoff.requested", { conversation_id: conversation.id });
    return this.#replyOf(conversation, first, turn.turn_id, line);
  }

  /** @param {any} conversation @param {string} code */
  #checkCode(conversation, code) {
    const first = conversation.messages.length;
    const turn = this.#addTurn(conversation);
    const is_right = code === "482913";
    this.addMessage(conversation, { author: "assistant", turn_id: turn.turn_id, text: is_right ? "Thank you, that is confirmed. What is your new address?" : "That code is not right. You have 4 attempts left; please check it and enter it again." });
    if (is_right) this.change(conversation, { awaiting: { kind: "slot", slot: "address" } });
    return this.#replyOf(conversation, first, turn.turn_id, {});
  }

  /** @param {any} conversation @param {number} first @param {string} turn_id @param {any} line */
  #replyOf(conversation, first, turn_id, line) {
    const turn = conversation.turns.find((/** @type {any} */ one) => one.turn_id === turn_id);
    return { conversation_id: conversation.id, turn_id, status: conversation.status, messages: conversation.messages.slice(first), awaiting: conversation.awaiting,
      refused: [], done: line.done ?? [], ...(this.is_demo && turn ? { stages: turn.stages } : {}) };
  }

  /** @param {string[]} rest @param {URLSearchParams} query @param {any} body @param {any} claims @returns {Answer} */
  #desk([list, id, verb, approval_id], query, body, claims) {
    if (list === "approvals") return ok({ items: this.approvals.map((one) => ({ ...one, is_yours: this.#isHis(one, claims.name) })) });
    if (!id) {
      const wanted = query.get("status") === "waiting" ? "waiting_for_agent" : query.get("status");
      const is_mine = query.get("mine") === "true";
      const rows = [...this.conversations.values()].filter(({ status, assignee }) => status === wanted && (!is_mine || assignee === claims.name));
      const first = Number(query.get("cursor") ?? 0);
      const limit = Number(query.get("limit") ?? PAGE_ROWS);
      const next_cursor = rows.length > first + limit ? String(first + limit) : undefined;
      return ok({ items: rows.slice(first, first + limit).map(rowOf), next_cursor, total: rows.length });
    }
    const conversation = this.conversations.get(id);
    if (!conversation) return problem(404, "OM-0404", "no such conversation");
    if (verb === "approvals") return this.#decide(approval_id ?? "", body, claims.name);
    if (verb === "records") return ok({ ...RECORDS, customer: conversation.handover?.customer, at: new Date().toISOString() });
    if (verb === "note") {
      this.#note(conversation, { act: "noted", agent: claims.name, note: body.note });
      this.change(conversation, {});
    }
    if (verb === "take") {
      const from = conversation.status === "with_agent" && conversation.assignee !== claims.name ? conversation.assignee : undefined;
      const act = from ? "taken_from_colleague" : conversation.status === "resolved" ? "reopened" : "taken";
      if (from && !body.from_colleague) return problem(409, "OM-0403", "the conversation is not yours, take it over first");
      conversation.assignee = claims.name;
      this.#note(conversation, { act, agent: claims.name, from });
      this.publish(id, "handoff.accepted", { agent_name: claims.name });
      this.addMessage(conversation, { author: "system", text: `${claims.name} has joined the conversation.` });
      this.change(conversation, { status: "with_agent", awaiting: { kind: "handoff" } });
    }
    if (verb === "reply") {
      this.addMessage(conversation, { author: "agent", author_name: claims.name, text: body.text });
      this.change(conversation, {});
    }
    if (verb === "return") {
      if (body.message) this.addMessage(conversation, { author: "agent", author_name: claims.name, text: body.message });
      this.publish(id, "handoff.returned", {});
      this.#note(conversation, { act: "returned", agent: claims.name, note: body.note });
      this.addMessage(conversation, { author: "system", text: `${claims.name} has handed the chat back. You are writing with the AI assistant again.` });
      this.change(conversation, { status: "open", assignee: undefined, awaiting: { kind: "anything_else", slot: "person", options: [{ id: "handoff", label: `Back to ${claims.name}` }] } });
    }
    if (verb === "resolve") this.#note(conversation, { act: "resolved", agent: claims.name, note: body.note });
    if (verb === "resolve") this.change(conversation, { status: "resolved", awaiting: { kind: "none" } });
    return ok({ ...publicView(conversation), handover: conversation.handover, assignee: conversation.assignee, resumable: conversation.resumable, turns: conversation.turns,
      notes: conversation.notes, previous: conversation.previous });
  }

  /** @param {any} approval @param {string} name */
  #isHis({ given }, name) {
    return !given.some((/** @type {any} */ one) => one.name === name);
  }

  /** @param {string} id @param {any} body @param {string} name @returns {Answer} */
  #decide(id, body, name) {
    const approval = this.approvals.find((one) => one.id === id);
    if (!approval) return problem(404, "OM-0306", "there is no such approval");
    if (body.digest !== approval.digest) return problem(409, "OM-0406", "what you saw is not what is asked for");
    if (body.answer === "approve" && this.#isHis(approval, name)) approval.given.push({ name, at: new Date().toISOString() });
    if (body.answer === "refuse" || approval.given.length >= approval.approvers) this.approvals = this.approvals.filter((one) => one !== approval);
    this.publish("desk", "conversation.updated", {});
    return ok({ ...approval, is_yours: false });
  }

  /** @param {any} conversation @param {object} note */
  #note(conversation, note) {
    conversation.notes.push({ at: new Date().toISOString(), ...note });
  }
}

/** @param {any} conversation */
function publicView({ id, status, locale, market, created_at, messages, awaiting, assignee }) {
  return { id, status, locale, market, created_at, messages, awaiting, ...(status === "with_agent" && assignee ? { agent_name: assignee } : {}) };
}

/** @param {any} conversation */
function rowOf({ id, status, handover, locale, messages, assignee, priority }) {
  return { id, status, customer_name: handover?.customer?.name, waiting_since: handover?.requested_at, reason_code: handover?.reason_code,
    summary: handover?.summary, priority, locale, last_message: messages.at(-1)?.text ?? "", assignee,
    updated_at: messages.at(-1)?.at };
}

/** @param {any} body @returns {Answer} */
function ok(body) {
  return { status: 200, body };
}

/** @param {number} status @param {string} code @param {string} detail @param {Record<string, string>=} headers @returns {Answer} */
export function problem(status, code, detail, headers = {}) {
  return { status, headers: { "Content-Type": "application/problem+json", ...headers }, body: { type: `/errors/${code}`, title: detail, status, detail, code } };
}

/** @param {Outgoing} response @param {Answer} answer */
function send(response, { status, body, headers }) {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** @param {Outgoing} response @param {{id: number, event: string, data: object}} entry */
function writeEvent(response, { id, event, data }) {
  response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** @param {Incoming} request */
async function readBody(request) {
  const pieces = [];
  let bytes = 0;
  for await (const piece of request) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > BODY_BYTES_MAX) throw new RangeError("body too long");
  }
  // Decoded whole: a character may be cut between two pieces.
  return bytes ? JSON.parse(Buffer.concat(pieces).toString("utf8")) : {};
}

/** Unsigned: the mock trusts everyone. @param {object} claims */
function tokenOf(claims) {
  return `mock.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.mock`;
}

/** @param {string | undefined} header @returns {any} */
function claimsOf(header) {
  try {
    return JSON.parse(Buffer.from((header ?? "").split(".")[1] ?? "", "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
