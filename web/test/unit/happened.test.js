import { describe, expect, test } from "vitest";
import { plainSentences, wordsOf } from "../../static/desk/happened.js";
import { isSaid, withoutChoices } from "../../static/chat/message.js";
import { pointOf } from "../../static/desk/inbox.js";
import { facts, readable } from "../../static/desk/records.js";

/** @param {string} id @param {string} at @param {object} more @returns {import("../../static/shared/types.js").Message} */
const message = (id, at, more = {}) => ({ id, seq: 1, author: "customer", text: id, at, ...more });

describe("what happened in a turn", () => {
  test("is told as sentences, each once, without the machine's words", () => {
    const stages = [
      { stage: "safety", ms: 0, summary: "", detail: { removed: ["card_number"], signals: [] } },
      { stage: "understanding", ms: 0, summary: "", detail: { commands: [{ command: "start_flow", flow: "unknown_purchase", confidence: 0.9 }, { command: "chitchat", kind: "greeting" }] } },
      { stage: "context", ms: 0, summary: "", detail: { questions: [{ query: "late?", article: "fees-late" }, { query: "x", article: null }] } },
      { stage: "decision", ms: 0, summary: "read list_orders", detail: { awaiting: { kind: "none" } } },
      { stage: "action", ms: 0, summary: "", detail: { action: "list_orders", outcome: "found" } },
      { stage: "action", ms: 0, summary: "", detail: { action: "list_orders", outcome: "found" } },
      { stage: "action", ms: 0, summary: "", detail: { action: "block_transaction", outcome: { outcome: "done", receipt: { receipt_id: "RCT-1" } } } },
      { stage: "decision", ms: 0, summary: "", detail: { awaiting: { kind: "confirm" }, refused: [{ flow: "extend_due_date", reason_code: "not_extendable" }] } },
    ];
    const cited = message("reply", "2026-01-01T00:00:01Z", { author: "assistant", turn_id: "t", citations: [{ article_id: "fees-late", title: "Paying late", quote: "" }] });
    expect(plainSentences({ turn_id: "t", at: "", stages }, [cited])).toEqual([
      "Removed before anything was kept: card number.",
      "Understood as: unknown purchase.",
      "Found an answer in the article “Paying late”.",
      "Found no article that answers.",
      "Looked up: orders.",
      "Did: block transaction, receipt RCT-1.",
      "Not allowed: extend due date (not extendable).",
      "Proposed it and waits for the customer’s yes; nothing is done before.",
    ]);
  });

  test("of an unknown shape says so and never fails", () => {
    const odd = [{ stage: "understanding", ms: 0, summary: "", detail: { commands: "many" } }, { stage: "new_stage", ms: 0, summary: "x" }];
    expect(plainSentences({ turn_id: "t", at: "", stages: odd }, [])).toEqual(["Answered without looking anything up."]);
  });

  test("belongs to the customer's words of that turn", () => {
    const messages = [message("one", "2026-01-01T00:00:00Z", { turn_id: "a" }), message("two", "2026-01-01T00:01:00Z", { turn_id: "b" })];
    expect([wordsOf({ turn_id: "b", at: "2026-01-01T00:01:00Z", stages: [] }, messages), wordsOf({ turn_id: "timer", at: "2026-01-01T00:05:00Z", stages: [] }, messages)]).toEqual(["two", undefined]);
  });
});

test.each([
  ["label_created", "label created"], ["2026-11-25T04:38:00Z", expect.stringContaining("25 Nov 2026")], ["", undefined], [null, undefined], [[], undefined], [{ minor: 1250, currency: "GBP" }, "£12.50"],
  ["Trail runner", "Trail runner"], ["ORD-100234", "ORD-100234"],
])("a person reads %j as %j", (value, expected) => expect(readable(value)).toEqual(expected));

test("a record without anything to say is no list of dashes", () => {
  expect(facts({ line2: null, note: "", items: [] }, {})).toEqual([]);
});

test.each([
  ["About: moving a due date.\n\"Can Friday wait?\"\nNothing has been changed so far.", "\"Can Friday wait?\""],
  ["“I never bought this” … “a person please”", "“I never bought this” … “a person please”"],
  ["The customer asked for a person.", "The customer asked for a person."],
])("the inbox shows of %j what differs", (summary, point) => expect(pointOf(summary)).toBe(point));

test("choices that stand as buttons are left out of the words, and nothing else is", () => {
  const text = "Which one?\n- Trail runner (ORD-1)\n- Wool socks\nOr none of them?";
  expect([withoutChoices(text, ["Trail runner (ORD-1)", "Wool socks"]), withoutChoices(text, []), withoutChoices("- Yes", ["Yes"])])
    .toEqual(["Which one?\nOr none of them?", text, "- Yes"]);
});

test("a quotation is shown only when it says more than the reply", () => {
  expect([isSaid("You have 30 days.", "**You have 30 days.** Which one?"), isSaid("You have 30 days.", "Which one?")]).toEqual([true, false]);
});
