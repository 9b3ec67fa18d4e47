import { describe, expect, test, vi } from "vitest";
import { amountOf, factsOf, standOf, whyOf } from "../../static/desk/approvals.js";
import { overdueOf, readable } from "../../static/desk/records.js";
import { isTyping } from "../../static/desk/shortcuts.js";
import { Desk, inOrder, nameIn } from "../../static/desk/state.js";
import { Problem } from "../../static/shared/problem.js";

/** @param {string} id @param {object} more @returns {import("../../static/shared/types.js").DeskRow} */
const row = (id, more = {}) => ({ id, status: "waiting_for_agent", priority: "normal", waiting_since: "2026-01-01T00:00:00Z", last_message: "x", ...more });
/** @param {string} id @param {object} more */
const detail = (id, more = {}) => ({ id, status: "waiting_for_agent", locale: "en", created_at: "", messages: [], awaiting: { kind: "handoff" }, ...more });
const token = `x.${Buffer.from(JSON.stringify({ role: "staff", name: "Zoë Ω" })).toString("base64url")}.y`;

/** @param {string} id @param {boolean} is_yours @returns {import("../../static/shared/types.js").Approval} */
const approval = (id, is_yours) => ({ id, conversation_id: "a", customer_id: "C-1", action: "cancel_order", arguments: { order_id: "ORD-1" }, summary: "Shall I?", said: "cancel it",
  rules: ["large"], digest: "d", approvers: 2, given: [], is_yours, requested_at: "2026-01-01T00:00:00Z", expires_at: "2026-01-02T00:00:00Z" });

/** A reading of the inbox asks for so many lists. */
const LISTS = 5;

/** @param {object} api */
function makeDesk(api = {}) {
  const calls = {
    deskList: vi.fn(async () => ({ items: [row("a"), row("b")] })),
    deskConversation: vi.fn(async (/** @type {string} */ id) => detail(id)),
    deskAct: vi.fn(async (/** @type {string} */ id, /** @type {string} */ verb) => detail(id, { status: verb === "resolve" ? "resolved" : "with_agent", assignee: "Zoë Ω" })),
    deskRecords: vi.fn(async () => ({ at: "2026-01-01T00:00:00Z", identity_level: "identified", lists: [], labels: {} })),
    deskApprovals: vi.fn(async () => ({ items: [] })),
    deskDecide: vi.fn(async (/** @type {object} */ approval) => ({ ...approval, is_yours: false })),
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

test("what needs approval says how it stands, and shows all that is known of it", () => {
  const given = [{ name: "Maja", at: "2026-01-01T00:00:00Z" }];
  expect(standOf(approval("x", true))).toBe("Needs 2 people");
  expect(standOf({ ...approval("x", false), given })).toBe("1 of 2 approved (Maja). Not yours to answer.");
  expect(standOf({ ...approval("x", true), approvers: 1 })).toBe("One person carries it out");
  const facts = new Map(factsOf(approval("x", true)));
  expect([facts.get("Who asks"), facts.get("Customer's words"), facts.get("Why people are asked")]).toEqual(["C-1", "cancel it", "Large (large)"]);
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

  test("what needs approval is announced once to whom it asks, and answered as it was seen", async () => {
    const mine = approval("x", true);
    const { desk, calls, announce } = makeDesk({ deskApprovals: vi.fn(async () => ({ items: [mine, approval("y", false)] })) });
    await desk.signIn(token);
    await desk.refresh();
    expect(announce.mock.calls.filter(([text]) => text.includes("approval"))).toEqual([["A request waits for your approval."]]);
    await desk.decide(mine, { answer: "approve" });
    expect(calls.deskDecide.mock.calls).toEqual([[mine, { answer: "approve" }]]);
  });

  test("an approval that is not mine to give says so and signs nobody out; the inbox goes on without approvals", async () => {
    const refused = new Problem({ kind: "refused", status: 403, code: "OM-0205", detail: "you may not approve this" });
    const { desk } = makeDesk({ deskDecide: vi.fn(async () => { throw refused; }), deskApprovals: vi.fn(async () => { throw refused; }) });
    await desk.signIn(token);
    expect([desk.approvals, desk.rows.length]).toEqual([[], 2]);
    expect(await desk.decide(approval("x", true), { answer: "approve" })).toBe(false);
    expect([desk.token, desk.trouble?.text.includes("You may not approve this.")]).toEqual([token, true]);
  });

  test("an ended sign-in closes the desk and says so", async () => {
    const { desk, calls } = makeDesk();
    await desk.signIn(token);
    calls.deskList.mockRejectedValue(new Problem({ kind: "refused", status: 401 }));
    await desk.refresh();
    expect([desk.token, desk.trouble?.text]).toEqual(["", "Your sign-in has ended. Sign in again to go on."]);
  });
});

test("an approval names the sum and says in words why people are asked", () => {
  const large = { ...approval("x", true), rules: ["large-refund-kronor"], amount_minor: 1_240_000, currency: "SEK", arguments: { reason: "changed_mind" } };
  expect([amountOf(large), whyOf(large)]).toEqual(["SEK\u00a012,400.00", "Large refund kronor"]);
  expect(whyOf({ ...large, rules: ["autonomy: suggest"] })).toBe("The assistant only suggests this");
  expect(new Map(factsOf(large)).get("Reason")).toBe("Changed mind");
  expect(amountOf(approval("x", true))).toBe("");
});

test("values of the company's systems are words", () => {
  const read = /** @type {[unknown, string][]} */ ([["NL", "market"], ["NL", "country"], ["active", "status"], ["pay_in_3", "kind"], ["sv-SE", "locale"], ["NL", "initials"], ["active", "nickname"]]);
  expect(read.map(([value, name]) => readable(value, name))).toEqual(["Netherlands", "Netherlands", "Active", "Pay in 3", "Swedish (Sweden)", "NL", "active"]);
});

test("what is overdue is found in the records, and summed up by currency", () => {
  const sek = (/** @type {number} */ minor) => ({ minor, currency: "SEK" });
  const plan = { state: "overdue", total: sek(9_000), installments: [{ state: "paid", amount: sek(3_000) }, { state: "overdue", amount: sek(2_000) }, { state: "overdue", amount: sek(1_000) }] };
  const records = { at: "", identity_level: "", labels: {}, lists: [{ title: "Plans", total: 2, records: [{ title: "Late plan", record: plan }, { title: "Other", record: { state: "active", amount: sek(7) } }] }] };
  expect(overdueOf(records)).toEqual({ lines: ["Late plan"], sums: ["SEK\u00a030.00"] });
  expect(overdueOf(undefined)).toEqual({ lines: [], sums: [] });
});

test.each([
  [{ tagName: "TEXTAREA" }, true], [{ tagName: "INPUT", type: "text" }, true], [{ tagName: "INPUT", type: "checkbox" }, false], [{ tagName: "BUTTON" }, false],
  [{ tagName: "DIV", isContentEditable: true }, true], [null, false],
])("typing in %j is %j", (target, expected) => expect(isTyping(/** @type {any} */ (target))).toBe(expected));
