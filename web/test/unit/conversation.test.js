import { describe, expect, test, vi } from "vitest";
import { Chat } from "../../static/chat/conversation.js";
import { Problem } from "../../static/shared/problem.js";

/** @param {number} seq @param {string} author @param {string} text */
const message = (seq, author, text) => ({ id: `m${seq}`, seq, author, text, at: "2026-01-01T00:00:00Z" });
const SESSION = { token: "t", expires_at: "2030-01-01T00:00:00Z", session_id: "s" };
const CONVERSATION = { id: "c1", status: "open", locale: "en", messages: [message(1, "assistant", "hello")], awaiting: { kind: "none" } };
let seq = 1;
/** @param {string} text @param {object} more */
const reply = (text, more = {}) => ({ conversation_id: "c1", turn_id: `t${seq}`, status: "open", awaiting: { kind: "none" },
  messages: [message(++seq, "customer", text), message(++seq, "assistant", `re: ${text}`)], ...more });

/** @param {object} api */
function makeChat(api = {}) {
  seq = 1;
  /** @type {Map<string, string>} */
  const stored = new Map();
  /** @type {any} */
  let followed;
  const calls = {
    openSession: vi.fn(async () => SESSION),
    openDemoSession: vi.fn(async () => SESSION),
    openConversation: vi.fn(async () => structuredClone(CONVERSATION)),
    conversation: vi.fn(async () => structuredClone(CONVERSATION)),
    turns: vi.fn(async () => []),
    sendMessage: vi.fn(async (/** @type {string} */ _id, /** @type {string} */ text) => reply(text)),
    stepUp: vi.fn(async () => reply("")),
    eventsUrl: () => "/events",
    ...api,
  };
  let keys = 0;
  const ports = {
    api: /** @type {any} */ (calls),
    storage: { getItem: (/** @type {string} */ key) => stored.get(key) ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ value) => void stored.set(key, value), removeItem: (/** @type {string} */ key) => void stored.delete(key) },
    follow: (/** @type {any} */ options) => {
      followed = options;
      return { close: vi.fn() };
    },
    now_ms: () => Date.parse("2026-01-01T00:00:00Z"),
    new_key: () => `k${++keys}`,
    sleep: vi.fn(async () => {}),
    locale: "en",
    on_change: vi.fn(),
  };
  return { chat: new Chat(ports), calls, ports, stored, emit: (/** @type {string} */ event, /** @type {object} */ data, id = "9") => followed.on_event({ id, event, data: JSON.stringify(data) }), state: (/** @type {string} */ state) => followed.on_state(state) };
}
/** @param {Chat} chat */
const shown = (chat) => chat.transcript.entries().map((entry) => (entry.kind === "server" ? entry.message.text : `(${entry.local.text}: ${entry.local.state} ${entry.local.advice ?? ""})`.replace(" )", ")")));
/** @param {Chat} chat */
const settled = (chat) => vi.waitFor(() => { if (chat.is_busy) throw new Error("busy"); });

describe("sending", () => {
  test("opens one session and one conversation, then sends in order, one at a time", async () => {
    let in_flight = 0;
    let most = 0;
    const { chat, calls } = makeChat({ sendMessage: vi.fn(async (/** @type {string} */ _id, /** @type {string} */ text) => {
      most = Math.max(most, ++in_flight);
      await Promise.resolve();
      in_flight -= 1;
      return reply(text);
    }) });
    chat.send("one");
    chat.send("two");
    chat.send("three");
    await settled(chat);
    expect([calls.openSession.mock.calls.length, calls.openConversation.mock.calls.length, most]).toEqual([1, 1, 1]);
    expect(shown(chat)).toEqual(["hello", "one", "re: one", "two", "re: two", "three", "re: three"]);
  });

  test("says which message had been seen when it was written, so that a yes counts for nothing newer", async () => {
    const { chat, calls, emit } = makeChat();
    chat.send("change my address");
    await settled(chat);
    chat.send("yes");
    emit("message.created", message(40, "assistant", "another proposal, made in another tab"));
    await settled(chat);
    chat.send("yes");
    await settled(chat);
    expect(calls.sendMessage.mock.calls.map((call) => call.slice(1))).toEqual([["change my address", "k1", 0], ["yes", "k2", 3], ["yes", "k3", 40]]);
  });

  test("a failed message keeps its key, holds back those after it, and goes again on retry", async () => {
    const { chat, calls } = makeChat();
    calls.sendMessage.mockRejectedValueOnce(new Problem({ kind: "network" }));
    chat.send("one");
    chat.send("two");
    await settled(chat);
    expect(shown(chat)).toEqual(["hello", "(one: failed problem.network)", "(two: failed problem.network)"]);
    chat.retry();
    await settled(chat);
    expect(calls.sendMessage.mock.calls.map((call) => call.slice(1))).toEqual([["one", "k1", 0], ["one", "k1", 0], ["two", "k2", 0]]);
    expect(shown(chat)).toEqual(["hello", "one", "re: one", "two", "re: two"]);
  });

  test("too many requests are waited out twice at most, and only for a short time", async () => {
    const { chat, calls, ports } = makeChat();
    const busy = new Problem({ kind: "refused", status: 429, retry_after_s: 30 });
    calls.sendMessage.mockRejectedValueOnce(busy).mockRejectedValueOnce(busy);
    chat.send("one");
    await settled(chat);
    expect(ports.sleep.mock.calls).toEqual([[30_000], [30_000]]);
    expect(shown(chat)).toEqual(["hello", "one", "re: one"]);
    calls.sendMessage.mockRejectedValueOnce(new Problem({ kind: "refused", status: 429, retry_after_s: 31 }));
    chat.send("two");
    await settled(chat);
    expect(shown(chat).at(-1)).toBe("(two: failed problem.too_many)");
  });

  test("writing after the end goes on in the same thread", async () => {
    const { chat, calls, emit } = makeChat();
    chat.send("one");
    await settled(chat);
    emit("conversation.updated", { status: "resolved", awaiting: { kind: "none" } });
    chat.send("two");
    await settled(chat);
    expect(calls.openConversation.mock.calls.length).toBe(1);
    expect(shown(chat)).toEqual(["hello", "one", "re: one", "two", "re: two"]);
  });

  test("a conversation that waits for a person can be left and gone back to, also after a reload", async () => {
    const { chat, calls, ports, emit } = makeChat();
    chat.send("one");
    await settled(chat);
    chat.startOver("");
    expect(chat.left_id).toBe("");
    chat.send("two");
    await settled(chat);
    emit("handoff.requested", { status: "waiting_for_agent" });
    chat.startOver("");
    expect(new Chat(ports).left_id).toBe("c1");
    calls.conversation.mockResolvedValueOnce({ ...structuredClone(CONVERSATION), status: "waiting_for_agent" });
    await chat.goBack();
    expect([chat.conversation_id, chat.status, chat.left_id, shown(chat)]).toEqual(["c1", "waiting_for_agent", "", ["hello"]]);
  });

  test("an answer to the conversation before does not land in the new one", async () => {
    /** @type {(value: any) => void} */
    let answer = () => {};
    const { chat } = makeChat({ sendMessage: vi.fn(() => new Promise((resolve) => { answer = resolve; })) });
    chat.send("one");
    await vi.waitFor(() => expect(chat.conversation_id).toBe("c1"));
    await Promise.resolve();
    chat.startOver("C-2");
    answer(reply("one"));
    await Promise.resolve();
    expect([shown(chat), chat.customer_id, chat.token]).toEqual([[], "C-2", ""]);
  });
});

describe("a one-time code", () => {
  test("goes to its own request and is written nowhere", async () => {
    const { chat, calls, stored } = makeChat();
    chat.send("change my address");
    await settled(chat);
    await chat.sendCode("482913");
    expect(calls.stepUp.mock.calls).toEqual([["c1", "482913"]]);
    expect(JSON.stringify([shown(chat), ...stored.values()])).not.toContain("482913");
  });

  test("that could not be checked says what to do", async () => {
    const { chat, calls } = makeChat();
    chat.send("x");
    await settled(chat);
    calls.stepUp.mockRejectedValueOnce(new Problem({ kind: "refused", status: 503, code: "OM-0007" }));
    await chat.sendCode("482913");
    expect(chat.code_trouble).toMatchObject({ advice: "problem.ours", code: "OM-0007" });
  });
});

describe("events", () => {
  test("a hand-over is followed from request to return", async () => {
    const { chat, emit } = makeChat();
    chat.send("x");
    await settled(chat);
    emit("handoff.requested", {});
    expect([chat.status, chat.waiting_since]).toEqual(["waiting_for_agent", "2026-01-01T00:00:00.000Z"]);
    emit("handoff.accepted", { agent_name: "Maria" });
    expect([chat.status, chat.agent_name]).toEqual(["with_agent", "Maria"]);
    emit("handoff.returned", {});
    expect([chat.status, chat.agent_name]).toEqual(["open", ""]);
  });

  test("what the stream told last holds against an answer that arrives after it", async () => {
    /** @type {(value: any) => void} */
    let answer = () => {};
    const late = reply("hi");
    const { chat, emit, state } = makeChat({ sendMessage: vi.fn(() => new Promise((resolve) => { answer = resolve; })) });
    chat.send("hi");
    await vi.waitFor(() => expect(chat.conversation_id).toBe("c1"));
    state("open");
    for (const one of late.messages) emit("message.created", one);
    emit("conversation.updated", { status: "resolved", awaiting: { kind: "none" } });
    answer(late);
    await settled(chat);
    expect(chat.status).toBe("resolved");
  });

  test("an event that is not JSON changes nothing", async () => {
    const { chat, emit } = makeChat();
    chat.send("x");
    await settled(chat);
    const before = shown(chat);
    emit("message.created", /** @type {any} */ (undefined));
    expect(shown(chat)).toEqual(before);
  });

  test("a reload goes on after the last event, with the receipts but no text kept", async () => {
    const { chat, calls, ports, emit, stored } = makeChat();
    calls.sendMessage.mockResolvedValueOnce(/** @type {any} */ (reply("secret words", { turn_id: "t1", done: [{ action: "cancel_order", receipt_id: "r1", arguments: { address: "secret street" } }] })));
    chat.send("secret words");
    await settled(chat);
    emit("ping", {}, "41");
    expect([...stored.values()].join()).not.toContain("secret");
    /** @type {any} */
    let followed;
    const again = new Chat({ ...ports, follow: (options) => { followed = options; return { close() {} }; } });
    await again.restore();
    expect(followed.last_event_id).toBe("41");
    expect(again.receipts.get("t1")).toEqual([{ action: "cancel_order", receipt_id: "r1" }]);
    expect(shown(again)).toEqual(["hello"]);
  });

  test("after a lost connection the whole conversation is read again", async () => {
    const { chat, calls, state } = makeChat();
    chat.send("x");
    await settled(chat);
    state("open");
    expect(calls.conversation.mock.calls.length).toBe(0);
    state("retrying");
    expect(chat.connection).toBe("retrying");
    state("open");
    expect(calls.conversation.mock.calls.length).toBe(1);
  });
});

test("a session that ended is said, and starting over asks for a new one", async () => {
  const { chat, calls } = makeChat();
  chat.send("one");
  await settled(chat);
  calls.sendMessage.mockRejectedValueOnce(new Problem({ kind: "refused", status: 401 }));
  chat.send("two");
  await settled(chat);
  expect(chat.trouble?.advice).toBe("problem.session_over");
  chat.startOver("");
  chat.send("three");
  await settled(chat);
  expect(calls.openSession.mock.calls.length).toBe(2);
});
