import { expect, test } from "vitest";
import { LANGUAGES, wordsOf } from "../../static/chat/languages.js";
import { en } from "../../static/chat/strings.en.js";
import { makeApi } from "../../static/shared/api.js";
import { characterCount, directionOf, duration, elapsed, moneyText, usableLocale, words } from "../../static/shared/format.js";
import { adviceFor, Problem } from "../../static/shared/problem.js";
import { plainText } from "../../static/shared/record.js";
import { totalMs, withRounds } from "../../static/shared/stages.js";
import { makeTranslate } from "../../static/shared/strings.js";

test("amounts keep the minor units of their currency", () => {
  expect([moneyText({ minor: 89900, currency: "SEK" }, "en"), moneyText({ minor: 1234, currency: "JPY" }, "en"), moneyText({ minor: 1234, currency: "KWD" }, "en"), moneyText({ minor: 5, currency: "?" }, "en")]
    .map((text) => text.replace(/\u00a0/g, " "))).toEqual(["SEK 899.00", "¥1,234", "KWD 1.234", "5 ? (minor units)"]);
});

test("waiting time is told in the largest whole unit", () => {
  const at = "2026-01-01T00:00:00Z";
  const after = (/** @type {number} */ s) => elapsed(at, Date.parse(at) + s * 1000, "en");
  expect([-5, 0, 59, 60, 3599, 3600, 86_400].map(after)).toEqual(["0 sec", "0 sec", "59 sec", "1 min", "59 min", "1 hr", "1 day"]);
  expect(elapsed("nonsense", 0, "en")).toBe("");
});

test("times of stages show the digits that matter", () => {
  expect([0, 0.04, 0.94, 3.25, 41.4, 1300].map((ms) => duration(ms, "en"))).toEqual(["0 ms", "0.04 ms", "0.94 ms", "3.3 ms", "41 ms", "1.3 sec"]);
});

test("names of fields become words", () => {
  expect(["order_id", "orders.cancel", "reasonCode", "one_time_code", ""].map(words)).toEqual(["Order ID", "Orders cancel", "Reason Code", "One time code", ""]);
});

test("characters are counted as the server counts them", () => {
  expect(["", "abc", "é", "👍👍", "👨‍👩‍👧"].map(characterCount)).toEqual([0, 3, 1, 2, 5]);
});

test("locales: direction, and English for what is none", () => {
  expect(["ar-EG", "he", "en", "fa_IR"].map(directionOf)).toEqual(["rtl", "rtl", "ltr", "rtl"]);
  expect(["sv-se", "not a locale"].map(usableLocale)).toEqual(["sv-SE", "en"]);
});

test("values of unknown shape: short ones as text, structured ones not", () => {
  expect([null, "", true, 0.12345, { minor: 100, currency: "EUR" }, [], {}, ["a", "b"], [1], { a: 1 }].map((value) => plainText(value, "en")))
    .toEqual(["—", "—", "yes", "0.1235", "€1.00", "none", "none", "a, b", undefined, undefined]);
});

test("repeated stages are numbered by round, single ones are not", () => {
  const stages = ["intake", "context", "decision", "action", "context", "decision"].map((stage) => ({ stage, ms: 1.5, summary: "" }));
  expect(withRounds(stages).map(({ stage, round, is_repeated }) => (is_repeated ? `${stage} ${round}` : stage)))
    .toEqual(["intake", "context 1", "decision 1", "action", "context 2", "decision 2"]);
  expect(totalMs(stages)).toBe(9);
});

test("every language has the same sentences with the same places to fill", async () => {
  const places = (/** @type {string} */ text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const language of LANGUAGES) {
    const table = await wordsOf(language) ?? {};
    expect(Object.keys(table).sort(), language).toEqual(Object.keys(en).sort());
    for (const [key, text] of Object.entries(en)) expect(places(table[key] ?? ""), `${language} ${key}`).toEqual(places(text));
  }
  expect([await wordsOf("xx"), await wordsOf("en-GB")]).toEqual([undefined, undefined]);
});

test("a sentence is filled, and a missing one falls back to English", () => {
  const t = makeTranslate({ a: "x {n}" }, { a: "y", b: "z" });
  expect([t("a", { n: 3 }), t("a"), t("b"), t("c")]).toEqual(["x 3", "x {n}", "z", "c"]);
});

test.each([
  [new Problem({ kind: "network" }), "problem.network", true], [new Problem({ kind: "deadline" }), "problem.deadline", true],
  [new Problem({ kind: "refused", status: 401 }), "problem.session_over", false], [new Problem({ kind: "refused", status: 404 }), "problem.session_over", false],
  [new Problem({ kind: "refused", status: 409 }), "problem.conflict", false], [new Problem({ kind: "refused", status: 413 }), "problem.too_long", false],
  [new Problem({ kind: "refused", status: 429 }), "problem.too_many", true], [new Problem({ kind: "refused", status: 500 }), "problem.ours", true],
  [new Problem({ kind: "refused", status: 422 }), "problem.not_accepted", false],
])("%o is advised by %s", (problem, advice, is_temporary) => {
  expect([adviceFor(problem), problem.is_temporary]).toEqual([advice, is_temporary]);
  expect(en[advice]).toBeTruthy();
});

test("an error page that is no problem document still gives one, with the time to wait", async () => {
  const api = makeApi({ base: "/api/v1/", token: () => "", fetch: /** @type {any} */ (async () => new Response("<html>", { status: 429, headers: { "Retry-After": "7" } })) });
  await expect(api.health()).rejects.toMatchObject({ kind: "refused", status: 429, retry_after_s: 7, code: "" });
});

test("a token is sent only when there is one, and cookies never", async () => {
  /** @type {any[]} */
  const asked = [];
  const fetch = /** @type {any} */ (async (/** @type {string} */ url, /** @type {any} */ options) => { asked.push([url, options.headers.Authorization, options.credentials]); return Response.json({}); });
  await makeApi({ base: "/a/", token: () => "", fetch }).health();
  await makeApi({ base: "/a/", token: () => "t", fetch }).conversation("x/../y");
  expect(asked).toEqual([["/a/health", undefined, "omit"], ["/a/conversations/x%2F..%2Fy", "Bearer t", "omit"]]);
});
