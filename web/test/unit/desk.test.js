import { describe, expect, test, vi } from "vitest";
import { isTyping } from "../../static/desk/shortcuts.js";
import { Desk, inOrder, nameIn } from "../../static/desk/state.js";
import { Problem } from "../../static/shared/problem.js";

/** @param {string} id @param {object} more @returns {import("../../static/shared/types.js").DeskRow} */
const row = (id, more = {}) => ({ id, status: "waiting_for_agent", priority: "normal", waiting_since: "2026-01-01T00:00:00Z", last_message: "x", ...more });
/** @param {string} id @param {object} more */
const detail = (id, more = {}) => ({ id, status: "waiting_for_agent", locale: "en", created_at: "", messages: [], awaiting: { kind: "handoff" }, ...more });
const token = `x.${Buffer.from(JSON.stringify({ role: "staff", name: "Zoë Ω" })).toString("base64url")}.y`;

/** A reading of the inbox asks for so many lists. */
const LISTS = 5;

/** @param {object} api */
function makeDesk(api = {}) {
  const calls = {
    deskList: vi.fn(async () => ({ items: [row("a"), row("b")] })),
    deskConversation: vi.fn(async (/** @type {string} */ id) => detail(id)),
    deskAct: vi.fn(async (/** @type {string} */ id, /** @type {string} */ verb) => detail(id, { status: verb === "resolve" ? "resolved" : "with_agent", assignee: "Zoë Ω" })),
    deskRecords: vi.fn(async () => ({ at: "2026-01-01T00:00:00Z", identity_level: "identified", lists: [], labels: {} })),
    deskEventsUrl: () => "/events",
    ...api,
  };
  /** @type {any} */
  let followed;
  const announce = vi.fn();
  const storage = { getItem: () => "", setItem: vi.fn(), removeItem: vi.fn() };
  let keys = 0;
  const lasting = { getItem: () => "[]", setItem: vi.fn() };
  const desk = new Desk({ api: /** @type {any} */ (calls), storage, lasting, follow: (options) => { followed = options; return { close: vi.fn() }; },
    new_key: () => `k${++keys}`, later: (run) => run(), on_change: vi.fn(), announce });
  return { desk, calls, announce, storage, lasting, emit: (/** @type {string} */ event) => followed.on_event({ id: "1", event, data: "{}" }) };
}

test("high priority stands first, then whoever waited longest, then rows without a time", () => {
  const rows = [row("late", { waiting_since: "2026-01-01T02:00:00Z" }), row("never", { waiting_since: undefined }), row("early"), row("high", { priority: "high", waiting_since: "2026-01-01T03:00:00Z" })];
  expect(inOrder(rows).map(({ id }) => id)).toEqual(["high", "early", "late", "never"]);
});

test("the name is read from a token, and nothing from what is none", () => {
  expect([nameIn(token), nameIn("x"), nameIn("a.!!!.c"), nameIn("")]).toEqual(["Zoë Ω", "", "", ""]);
});

describe("the desk", () => {
  test("a token that is refused signs nobody in", async () => {
    const { desk, storage } = makeDesk({ deskList: vi.fn(async () => { throw new Problem({ kind: "refused", status: 401 }); }) });
    await expect(desk.signIn("bad")).rejects.toThrow();
    expect([desk.token, storage.setItem.mock.calls.length]).toEqual(["", 0]);
  });

  test("taking over moves the view to one's own", async () => {
    const { desk, calls } = makeDesk();
    await desk.signIn(token);
    await desk.select("a");
    expect([desk.can_take, desk.is_mine]).toEqual(["queue", false]);
    await desk.take();
    expect([desk.filter, calls.deskAct.mock.calls[0]?.slice(0, 2)]).toEqual(["mine", ["a", "take"]]);
  });

  test("a conversation that a colleague owns is not mine", async () => {
    const { desk } = makeDesk({ deskConversation: vi.fn(async () => detail("a", { status: "with_agent", assignee: "Someone else" })) });
    await desk.signIn(token);
    await desk.select("a");
    expect([desk.can_take, desk.is_mine]).toEqual(["colleague", false]);
  });

  test("a reply that failed is sent again with the same key, another text with another", async () => {
    const { desk, calls } = makeDesk();
    await desk.signIn(token);
    await desk.select("a");
    calls.deskAct.mockRejectedValueOnce(new Problem({ kind: "network" }));
    expect(await desk.reply("hello")).toBe(false);
    expect(await desk.reply("hello")).toBe(true);
    expect(await desk.reply("hello")).toBe(true);
    const keys = calls.deskAct.mock.calls.map((call) => /** @type {any[]} */ (call)[3]);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[1]);
  });

  test("whoever presses Take over too late reads who was faster", async () => {
    const { desk, calls } = makeDesk();
    await desk.signIn(token);
    await desk.select("a");
    calls.deskAct.mockRejectedValueOnce(new Problem({ kind: "refused", status: 409, detail: "take it over first", code: "OM-0403" }));
    calls.deskConversation.mockResolvedValue(detail("a", { status: "with_agent", assignee: "Sam" }));
    await desk.take();
    await vi.waitFor(() => expect(desk.trouble?.text).toBe("Sam was faster and has this conversation."));
  });

  test("a conversation that a colleague takes is lost, one that I give back is not", async () => {
    const { desk, calls } = makeDesk();
    await desk.signIn(token);
    await desk.select("a");
    calls.deskConversation.mockResolvedValue(detail("a", { status: "with_agent", assignee: "Zoë Ω" }));
    await desk.take();
    await desk.refresh();
    expect([desk.is_mine, desk.lost]).toEqual([true, undefined]);
    calls.deskAct.mockImplementationOnce(async () => detail("a", { status: "open" }));
    calls.deskConversation.mockResolvedValue(detail("a", { status: "open" }));
    await desk.finish("return", {});
    await desk.refresh();
    expect([desk.is_mine, desk.lost, desk.was_just_lost]).toEqual([false, undefined, false]);
    calls.deskConversation.mockResolvedValue(detail("a", { status: "with_agent", assignee: "Zoë Ω" }));
    await desk.refresh();
    calls.deskConversation.mockResolvedValue(detail("a", { status: "with_agent", assignee: "Sam" }));
    await desk.refresh();
    expect([desk.is_mine, desk.lost?.id, desk.was_just_lost]).toEqual([false, "a", true]);
    await desk.select("b");
    expect(desk.lost).toBeUndefined();
  });

  test("a conflict says what to do", async () => {
    const { desk, calls } = makeDesk();
    await desk.signIn(token);
    await desk.select("a");
    calls.deskAct.mockRejectedValueOnce(new Problem({ kind: "refused", status: 409, detail: "the conversation changed meanwhile, try again", code: "OM-0409" }));
    const text = "Someone else changed this conversation first. The conversation changed meanwhile, try again. Reference OM-0409.";
    await desk.take();
    await desk.refresh();
    expect(desk.trouble?.text).toBe(text);
    calls.deskList.mockRejectedValueOnce(new Problem({ kind: "network" }));
    await desk.refresh();
    expect(desk.trouble?.text).toBe(text);
    await desk.take();
    expect(desk.trouble).toBeUndefined();
  });

  test("a reading that failed says so until one succeeds", async () => {
    const { desk, calls } = makeDesk();
    await desk.signIn(token);
    calls.deskList.mockRejectedValueOnce(new Problem({ kind: "network" }));
    await desk.refresh();
    expect(desk.trouble).toMatchObject({ text: "The service cannot be reached. Check your connection, then try again.", again: expect.any(Function) });
    await desk.refresh();
    expect(desk.trouble).toBeUndefined();
  });

  test("an event reads the inbox and the open conversation again, and a hand-over is announced", async () => {
    const { desk, calls, announce, emit } = makeDesk();
    await desk.signIn(token);
    await desk.select("a");
    const before = [calls.deskList.mock.calls.length, calls.deskConversation.mock.calls.length];
    emit("ping");
    emit("handoff.requested");
    await vi.waitFor(() => expect([calls.deskList.mock.calls.length, calls.deskConversation.mock.calls.length]).toEqual([(before[0] ?? 0) + LISTS, (before[1] ?? 0) + 1]));
    expect(announce.mock.calls.length).toBe(1);
  });

  test("the whole queue is counted, not the page", async () => {
    const { desk } = makeDesk({ deskList: vi.fn(async () => ({ items: [row("a")], next_cursor: "n", total: 73 })) });
    await desk.signIn(token);
    expect([desk.counts.waiting, desk.counts.resolved, desk.rows.length]).toEqual([73, 73, 1]);
  });

  test("what was opened stays seen after a reload until something happens, and only ids and times are kept", async () => {
    let updated_at = "2026-01-01T01:00:00Z";
    const { desk, lasting } = makeDesk({ deskList: vi.fn(async () => ({ items: [row("a", { updated_at }), row("b", { updated_at })] })) });
    await desk.signIn(token);
    await desk.select("a");
    await desk.select("b");
    expect(desk.rows.map((one) => desk.isUnread(one))).toEqual([false, false]);
    expect(JSON.parse(lasting.setItem.mock.calls.at(-1)?.[1])).toEqual([["a", updated_at], ["b", updated_at]]);
    updated_at = "2026-01-01T02:00:00Z";
    await desk.refresh();
    expect(desk.rows.map((one) => desk.isUnread(one))).toEqual([true, false]);
  });

  test("an ended sign-in closes the desk and says so", async () => {
    const { desk, calls } = makeDesk();
    await desk.signIn(token);
    calls.deskList.mockRejectedValue(new Problem({ kind: "refused", status: 401 }));
    await desk.refresh();
    expect([desk.token, desk.trouble?.text]).toEqual(["", "Your sign-in has ended. Sign in again to go on."]);
  });
});

test.each([
  [{ tagName: "TEXTAREA" }, true], [{ tagName: "INPUT", type: "text" }, true], [{ tagName: "INPUT", type: "checkbox" }, false], [{ tagName: "BUTTON" }, false],
  [{ tagName: "DIV", isContentEditable: true }, true], [null, false],
])("typing in %j is %j", (target, expected) => expect(isTyping(/** @type {any} */ (target))).toBe(expected));
