import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { problem } from "../mock/server.js";
import { openPage, startAll } from "./browser.js";

/** @type {Awaited<ReturnType<typeof startAll>>} */
let all;
/** @type {import("./browser.js").WatchedPage} */
let page;

beforeAll(async () => { all = await startAll(); });
afterAll(() => all.stop());
beforeEach(async () => {
  await page?.context().close();
  Object.assign(all.mock, { faults: [], delay_ms: 0, is_demo: true, company: "Nimbus Pay" });
  all.mock.seen.length = 0;
  page = await openPage(all.browser, `${all.address}/`);
});

/** @param {string} text */
async function say(text) {
  await page.fill("#message-text", text);
  await page.press("#message-text", "Enter");
}
/** @param {string} path */
const asked = (path) => all.mock.seen.filter((request) => `${request.method} ${request.path}`.includes(path));

describe("before the first message", () => {
  test("company, AI label, the way to a person and examples are there, and nothing is stored or opened yet", async () => {
    await page.getByRole("heading", { name: "Nimbus Pay" }).waitFor();
    expect(await page.getByText("AI assistant", { exact: true }).first().isVisible()).toBe(true);
    expect(await page.getByRole("button", { name: "Talk to a person" }).isVisible()).toBe(true);
    expect(await page.locator("#examples button").count()).toBe(4);
    expect(await page.title()).toBe("Nimbus Pay · Customer service");
    expect(asked("POST")).toEqual([]);
    expect(await page.context().cookies()).toEqual([]);
    expect(page.problems).toEqual([]);
  });

  test("outside the demo there is neither a customer selector nor the stages", async () => {
    all.mock.is_demo = false;
    await page.reload();
    await page.getByRole("button", { name: "Where is my order?" }).click();
    await page.locator(".message.assistant").nth(1).waitFor();
    for (const id of ["#demo-aside", "#happened-aside", "#open-demo", "#open-happened"]) expect(await page.locator(id).isVisible(), id).toBe(false);
    expect(await page.getByText("What happened").filter({ visible: true }).count()).toBe(0);
  });
});

describe("a conversation", () => {
  test("an answer shows its sources, a choice becomes buttons, a proposal a card, and what was done a receipt", async () => {
    await page.selectOption("#you-are", "C-100001");
    await say("I want to return something");
    await page.locator(".source summary").first().click();
    expect(await page.locator("blockquote").first().textContent()).toContain("30 days from the day");
    await page.locator(".source").first().getByRole("button", { name: "Read the article" }).click();
    await page.locator("#article").getByText("How to report a return").waitFor();
    await page.keyboard.press("Escape");
    expect(await page.locator("#article").isVisible()).toBe(false);
    await page.getByRole("button", { name: "Trail runner, size 39" }).click();
    const card = page.locator(".confirm");
    await card.waitFor();
    const words = (await card.innerText()) + (await page.locator(".message.assistant").last().innerText());
    expect(words.split("The two remaining payments").length, "the proposal stands once").toBe(2);
    for (const internal of ["ORD-100234", "Label sent to", "Amount"]) expect(words).not.toContain(internal);
    await card.getByRole("button", { name: "Yes, go ahead" }).click();
    await page.locator(".receipts").waitFor();
    expect(await page.locator(".receipts").innerText()).toContain("rcp_01J9Z3M8");
    expect(await card.count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("message-text");
    expect(page.problems).toEqual([]);
  });

  test("choices stand once, as buttons, and in the words again once one is taken; who waits is told so and asked once", async () => {
    await page.selectOption("#you-are", "C-100001");
    await say("I want to return something");
    await page.locator(".choices").waitFor();
    const conversation = [...all.mock.conversations.values()].at(-1);
    all.mock.addMessage(conversation, { author: "assistant", text: "Which one?\n- Trail runner, size 39\n- Trail runner, size 41\n- Wool socks, 3 pairs" });
    await page.getByText("Which one?", { exact: true }).waitFor();
    expect((await page.locator("#chat").innerText()).split("Trail runner, size 41").length).toBe(2);
    await expect.poll(() => page.locator("#announce").innerText()).toContain("suggested answers");
    await page.locator("#talk").click();
    await page.getByRole("button", { name: "Keep waiting" }).waitFor();
    await page.locator(".message.assistant", { hasText: "Trail runner, size 41" }).waitFor();
    expect(await page.locator("#writer").innerText()).toBe("Waiting for a person");
    await page.getByRole("button", { name: "Keep waiting" }).click();
    await page.getByRole("button", { name: "Go on with the assistant" }).waitFor();
    await expect.poll(() => page.getByRole("button", { name: "Keep waiting" }).count()).toBe(0);
    all.mock.change(conversation, { status: "with_agent", assignee: "Maria Lind" });
    await expect.poll(() => page.locator("#announce").innerText()).toBe("");
  });

  test("on a phone, choosing a demo customer closes the sheet", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator("#open-demo").click();
    await page.selectOption("#you-are", "C-100002");
    await expect.poll(() => page.locator("#demo-drawer").isVisible()).toBe(false);
  });

  test("a source that was opened stays open when more is said after it", async () => {
    await say("I want to return something");
    await page.locator(".source summary").first().click();
    const conversation = [...all.mock.conversations.values()].at(-1);
    all.mock.addMessage(conversation, { author: "assistant", text: "One thing more." });
    await page.getByText("One thing more.").waitFor();
    expect(await page.locator("blockquote").first().isVisible()).toBe(true);
  });

  test("several messages in a row keep their order and the box stays free", async () => {
    all.mock.delay_ms = 150;
    for (const text of ["first", "second", "third"]) await say(text);
    expect(await page.locator("#typing").isVisible()).toBe(true);
    await expect.poll(() => page.locator(".message.customer .bubble").allInnerTexts(), { timeout: 5000 }).toEqual(["first", "second", "third"]);
    await expect.poll(() => page.locator("#typing").isVisible()).toBe(false);
    expect(await page.locator(".message.customer.local").count()).toBe(0);
    const posts = asked("/messages");
    expect(new Set(posts.map(({ headers }) => headers["idempotency-key"])).size).toBe(3);
  });

  test("Shift+Enter breaks the line, Enter sends, an empty message does not", async () => {
    await page.fill("#message-text", "  ");
    await page.press("#message-text", "Enter");
    await page.fill("#message-text", "one");
    await page.press("#message-text", "Shift+Enter");
    await page.locator("#message-text").pressSequentially("two");
    await page.press("#message-text", "Enter");
    await page.locator(".message.customer:not(.local)").waitFor();
    expect(asked("/messages").map(({ body }) => body.text)).toEqual(["one\ntwo"]);
  });

  test("the length is bounded at 8,000 characters, counted and said", async () => {
    await page.fill("#message-text", "👍".repeat(8_001));
    expect(await page.locator("#composer-count").innerText()).toContain("1 characters too many");
    await page.press("#message-text", "Enter");
    expect(asked("/messages")).toEqual([]);
    await page.fill("#message-text", "👍".repeat(8_000));
    expect(await page.locator("#composer-count").innerText()).toBe("0 characters left");
    await page.press("#message-text", "Enter");
    await page.locator(".message.assistant").nth(1).waitFor();
    expect(asked("/messages").map(({ body }) => [...body.text].length)).toEqual([8_000]);
  });

  test("card data that the server hid is hidden on the page too", async () => {
    await say("my card 4111 1111 1111 1111");
    await page.getByText("my card [card number hidden]").waitFor();
    expect(await page.locator("body").innerText()).not.toContain("4111");
  });
});

describe("a one-time code", () => {
  test("has its own field, is filled from the demo's phone, and never becomes a message", async () => {
    await page.selectOption("#you-are", "C-100001");
    await say("please change my address");
    await page.getByRole("button", { name: "Use code 482913" }).click();
    expect(await page.inputValue("#code")).toBe("482913");
    expect(await page.getAttribute("#code", "autocomplete")).toBe("one-time-code");
    await page.press("#code", "Enter");
    await page.getByText("that is confirmed").waitFor();
    expect(asked("/step_up").map(({ body }) => body)).toEqual([{ code: "482913" }]);
    expect(asked("/messages").map(({ body }) => body.text).join()).not.toContain("482913");
    expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).not.toContain("482913");
    expect(await page.locator("#log").innerText()).not.toContain("482913");
  });

  test("typed into the chat is moved to the field instead of being sent", async () => {
    await say("change my address");
    await page.locator("#code").waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("code");
    await say("it is 482 913");
    expect(await page.inputValue("#code")).toBe("482913");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("code");
    await expect.poll(() => page.locator("#announce").innerText()).toContain("we did not send it");
    expect(asked("/messages").length).toBe(1);
  });

  test("in a wrong form says so; a wrong code can be entered again", async () => {
    await say("change my address");
    await page.fill("#code", "12");
    await page.press("#code", "Enter");
    expect(await page.locator("#code-problem").innerText()).toContain("4 to 8 digits");
    expect(await page.getAttribute("#code", "aria-invalid")).toBe("true");
    await page.fill("#code", "111111");
    await page.press("#code", "Enter");
    await page.getByText("4 attempts left").waitFor();
    expect(await page.locator("#code").isVisible()).toBe(true);
  });
});

describe("a person", () => {
  test("is asked for with one press, and the line says who talks", async () => {
    await page.getByRole("button", { name: "Talk to a person" }).click();
    await expect.poll(() => page.locator("#status-line").innerText()).toContain("Waiting for a person");
    const conversation = [...all.mock.conversations.values()].at(-1);
    expect(await page.getByRole("button", { name: "Talk to a person" }).isVisible()).toBe(false);
    await page.getByRole("button", { name: "Keep waiting" }).waitFor();
    await say("it is about the shoes");
    await page.getByText("I've added that for my colleague").waitFor();
    await say("size 39");
    await page.locator(".note", { hasText: "Added for your colleague." }).waitFor();
    all.mock.publish(conversation.id, "handoff.accepted", { agent_name: "Maria" });
    all.mock.change(conversation, { status: "with_agent" });
    all.mock.addMessage(conversation, { author: "agent", author_name: "Maria", text: "Hello, Maria here." });
    await page.getByText("Hello, Maria here.").waitFor();
    expect(await page.locator("#status-line").innerText()).toContain("You are talking to Maria, a person.");
    expect(await page.locator("#writer").innerText()).toBe("Maria, a person");
    expect(await page.locator(".choices").count()).toBe(0);
    await say("hello Maria");
    await page.locator(".message.customer", { hasText: "hello Maria" }).waitFor();
    all.mock.change(conversation, { status: "resolved", awaiting: { kind: "none" } });
    await expect.poll(() => page.locator("#status-line").innerText()).toContain("closed");
    await say("one more thing");
    await page.locator(".note", { hasText: "A new conversation" }).waitFor();
    expect(await page.getByText("Hello, Maria here.").isVisible()).toBe(true);
  });

  test("is not needed after all: one press and the assistant answers again", async () => {
    await page.getByRole("button", { name: "Talk to a person" }).click();
    await page.getByRole("button", { name: "Go on with the assistant" }).click();
    await page.getByText("with me, the AI assistant, again").waitFor();
    expect(await page.locator("#status-line").isVisible()).toBe(false);
    expect(await page.getByRole("button", { name: "Talk to a person" }).isVisible()).toBe(true);
  });

  test("who is awaited is not lost by a new conversation: it asks first and leads back", async () => {
    await page.getByRole("button", { name: "Talk to a person" }).click();
    await page.getByRole("button", { name: "Keep waiting" }).waitFor();
    await page.getByRole("button", { name: "New conversation" }).click();
    await page.locator("#leave").getByRole("button", { name: "Stay here" }).click();
    expect(await page.locator("#status-line").innerText()).toContain("Waiting for a person");
    await page.getByRole("button", { name: "New conversation" }).click();
    await page.locator("#leave").getByRole("button", { name: "Start a new one" }).click();
    await page.locator("#empty").waitFor();
    await page.getByRole("button", { name: "Back to the conversation with a person" }).click();
    await expect.poll(() => page.locator("#status-line").innerText()).toContain("Waiting for a person");
  });
});

describe("when something fails", () => {
  test("a lost answer is asked for again with the same key, and nothing is done twice", async () => {
    all.mock.failNext(/POST .*messages/, "drop_after");
    await say("where is my order");
    await page.locator(".not-sent").or(page.locator(".message.customer:not(.local)")).first().waitFor();
    const retry = page.getByRole("button", { name: "Try again" });
    if (await retry.isVisible()) await retry.click();
    await page.locator(".message.assistant").nth(1).waitFor();
    const conversation = [...all.mock.conversations.values()].at(-1);
    expect(conversation.messages.filter((/** @type {any} */ { author }) => author === "customer").length).toBe(1);
    expect(await page.locator(".message.customer").count()).toBe(1);
  });

  test("an unreachable service says what to do and keeps the text", async () => {
    await page.route("**/api/v1/sessions", (route) => route.abort(), { times: 1 });
    await say("hello there");
    const failed = page.locator(".not-sent");
    await failed.waitFor();
    expect(await failed.innerText()).toContain("Check your connection, then try again.");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".message.assistant").nth(1).waitFor();
    expect(await page.locator(".not-sent").count()).toBe(0);
  });

  test("a fault of ours shows its reference", async () => {
    all.mock.failNext(/POST .*messages/, problem(500, "OM-0042", "internal"));
    await say("hello");
    await page.locator(".not-sent", { hasText: "Reference OM-0042." }).waitFor();
    expect(await page.locator(".not-sent").innerText()).toContain("nothing was lost");
  });

  test("too many messages are waited out without a word", async () => {
    all.mock.failNext(/POST .*messages/, problem(429, "OM-0029", "slow down", { "Retry-After": "1" }));
    await say("hello");
    await page.locator(".message.assistant").nth(1).waitFor();
    expect(asked("/messages").length).toBe(2);
  });

  test("an ended session offers a new conversation, which works", async () => {
    await say("hello");
    await page.locator(".message.assistant").nth(1).waitFor();
    all.mock.failNext(/POST .*messages/, problem(401, "OM-0401", "ended"));
    await say("again");
    await page.locator(".trouble-card").getByRole("button", { name: "New conversation" }).click();
    await say("hello once more");
    await page.locator(".message.assistant").nth(1).waitFor();
    expect(asked("POST /sessions").length).toBe(2);
  });

  test("a lost event stream comes back with Last-Event-ID and misses nothing", async () => {
    await say("hello");
    await page.locator(".message.assistant").nth(1).waitFor();
    const conversation = [...all.mock.conversations.values()].at(-1);
    all.mock.addMessage(conversation, { author: "system", text: "before the break" });
    await page.getByText("before the break").waitFor();
    all.mock.failNext(/GET .*events/, problem(503, "OM-0001", "down"));
    all.mock.dropStreams();
    await expect.poll(() => page.locator("#status-line").innerText()).toContain("Connection lost");
    all.mock.addMessage(conversation, { author: "system", text: "during the break" });
    await page.getByText("during the break").waitFor();
    await expect.poll(() => page.locator("#status-line").isVisible()).toBe(false);
    const last = asked("/events").at(-1);
    expect(Number(last?.headers["last-event-id"])).toBeGreaterThan(0);
    expect(await page.getByText("before the break").count()).toBe(1);
  });
});

describe("a reload", () => {
  test("keeps the conversation, its receipts and its stages; a new tab and a new conversation do not", async () => {
    await page.selectOption("#you-are", "C-100001");
    for (const text of ["return", "runner", "yes"]) {
      await say(text);
      await expect.poll(() => page.locator("#typing").isVisible()).toBe(false);
    }
    await page.locator(".receipts").waitFor();
    await page.reload();
    await page.locator(".receipts").waitFor();
    expect(await page.locator(".message.customer").count()).toBe(3);
    expect(await page.inputValue("#you-are")).toBe("C-100001");
    await expect.poll(() => page.locator(".position").innerText()).toBe("Turn 3 of 3");
    await page.locator("#new-conversation").focus();
    await page.keyboard.press("Enter");
    await page.locator("#leave").getByText("will not be shown any more").waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#leave").isVisible()).toBe(false);
    expect(await page.locator(".message.customer").count(), "the safe button has the focus").toBe(3);
    await page.getByRole("button", { name: "New conversation" }).click();
    await page.locator("#leave").getByRole("button", { name: "Start a new one" }).click();
    expect(await page.locator(".message").count()).toBe(0);
    expect(await page.locator("#empty").isVisible()).toBe(true);
    await page.getByRole("button", { name: "New conversation" }).click();
    expect(await page.locator("#leave").isVisible(), "nothing was said").toBe(false);
    await page.reload();
    expect(await page.locator(".message").count()).toBe(0);
  });
});

describe("what stands below a message", () => {
  test("is whole: six long options do not scroll, and a source that says nothing more does not unfold", async () => {
    await say("where is my order");
    await page.locator(".message.assistant").nth(1).waitFor();
    const conversation = [...all.mock.conversations.values()].at(-1);
    const options = ["It does not fit me", "I do not need it after all, sorry", "It is broken or faulty", "It is not the item that I ordered", "It is not as described", "Another reason"].map((label, at) => ({ id: String(at), label }));
    all.mock.addMessage(conversation, { author: "assistant", text: "A refund takes **5 to 7** business days.", citations: [{ article_id: "KB-014", title: "How long a refund takes", quote: "A refund takes 5 to 7 business days." }] });
    all.mock.change(conversation, { awaiting: { kind: "slot", slot: "reason", options } });
    const list = page.locator(".choices");
    await expect.poll(() => list.locator("button").count()).toBe(6);
    expect(await list.evaluate((node) => node.scrollHeight - node.clientHeight)).toBe(0);
    const source = page.locator(".source", { hasText: "How long a refund takes" });
    expect(await source.locator("summary").count()).toBe(0);
    await source.getByRole("button", { name: "Read the article" }).click();
    await page.locator("#article").getByText("How to report a return").waitFor();
    await page.keyboard.press("Escape");
    all.mock.change(conversation, { awaiting: { kind: "slot", slot: "reason", options: [...options, ...options] } });
    await expect.poll(() => list.locator("button").count()).toBe(12);
    expect(await list.evaluate((node) => node.scrollHeight - node.clientHeight)).toBeGreaterThan(0);
  });

  test("is said in the language of the conversation, whatever that of the page is", async () => {
    await say("where is my order");
    await page.locator(".message.assistant").nth(1).waitFor();
    const conversation = [...all.mock.conversations.values()].at(-1);
    conversation.locale = "de";
    all.mock.change(conversation, { awaiting: { kind: "confirm", proposal: { action: "report_return", arguments: {}, summary: "Soll ich das so machen?" } } });
    await page.reload();
    await page.getByRole("button", { name: "Yes, go ahead" }).click();
    await page.locator(".message.customer .bubble", { hasText: /^Ja$/ }).waitFor();
    await page.locator("#talk").click();
    await page.locator(".message.customer", { hasText: "Menschen" }).waitFor();
  });
});

describe("what happened", () => {
  test("shows the stages of the newest turn, and of any message when asked, without taking the focus", async () => {
    await say("return");
    await page.locator(".choices").waitFor();
    expect(await page.locator("#happened-aside .stage").count()).toBe(11);
    expect(await page.locator(".stage-name").nth(3).innerText()).toBe("Context round 1");
    await say("Wool socks, 3 pairs");
    await page.locator(".confirm").waitFor();
    expect(await page.locator(".position").innerText()).toBe("Turn 2 of 2");
    const buttons = page.locator(".happened-button");
    await buttons.first().click();
    expect(await page.locator(".position").innerText()).toBe("Turn 1 of 2");
    expect(await buttons.evaluateAll((nodes) => nodes.map((node) => node.getAttribute("aria-pressed")))).toEqual(["true", "false"]);
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("happened-button");
    await page.locator(".stage summary").nth(2).click();
    expect(await page.locator(".reasons").nth(2).innerText()).toContain("start_flow");
  });
});
