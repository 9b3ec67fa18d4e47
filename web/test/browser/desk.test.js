import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openPage, startAll } from "./browser.js";

/** @type {Awaited<ReturnType<typeof startAll>>} */
let all;
/** @type {import("./browser.js").WatchedPage} */
let page;

beforeAll(async () => { all = await startAll(); });
afterAll(() => all.stop());
beforeEach(async () => {
  await page?.context().close();
  all.mock.conversations.clear();
  all.mock.approvals = [];
  all.mock.is_demo = true;
  page = await openPage(all.browser, `${all.address}/desk`);
});

async function signIn() {
  await page.fill("#name", "Maria Lind");
  await page.press("#name", "Enter");
  await page.locator("#filters").waitFor();
}

/** @param {string} name */
const rowOf = (name) => page.locator(".row", { has: page.locator(".row-name", { hasText: name }) });

describe("signing in", () => {
  test("with a name in the demo; the sign-in lasts as long as the tab", async () => {
    await signIn();
    expect(await page.locator("#staff-name").innerText()).toBe("Maria Lind");
    expect(await page.locator("#inbox-empty").innerText()).toContain("Nobody is waiting");
    await page.reload();
    await page.locator("#filters").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.locator("#sign-in").waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    expect(await page.context().cookies()).toEqual([]);
  });

  test("with a token only outside the demo, and a wrong one says what to check", async () => {
    all.mock.is_demo = false;
    await page.reload();
    await page.getByText("Only staff can open the desk.").waitFor();
    expect(await page.locator("#name-form").isVisible()).toBe(false);
    await page.fill("#token", "not a token");
    await page.press("#token", "Enter");
    await expect.poll(() => page.locator("#sign-in-problem").innerText()).toContain("Check that the token is complete");
    const claims = Buffer.from(JSON.stringify({ role: "staff", name: "Jo" })).toString("base64url");
    await page.fill("#token", `x.${claims}.y`);
    await page.press("#token", "Enter");
    await expect.poll(() => page.locator("#staff-name").innerText()).toBe("Jo");
  });
});

describe("what needs approval", () => {
  test("is approved exactly as it is shown, by somebody who looked at it, and then lies with the next one", async () => {
    await signIn();
    const approval = all.mock.seedApproval();
    await page.locator(".approval").waitFor();
    const card = await page.locator(".approval").innerText();
    for (const part of ["Ada Lindqvist", "SEK 12,400.00", "Cancel order", "Large refund kronor", "Needs 2 people"]) expect(card.replaceAll("\u00a0", " "), part).toContain(part);
    await page.getByRole("button", { name: "Approve…" }).click();
    const shown = await page.locator("#approval").innerText();
    for (const part of ["Ada Lindqvist (C-100001)", "ORD-100234", "it is far too big", "Changed mind", "Large refund kronor (large-refund-kronor)", "12,400.00 SEK"]) expect(shown).toContain(part);
    await page.keyboard.press("Enter");
    expect(approval.given, "the safe button has the focus").toEqual([]);
    await page.getByRole("button", { name: "Approve…" }).click();
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await expect.poll(() => page.locator(".approval").innerText()).toContain("1 of 2 approved (Maria Lind). Not yours to answer.");
    const sent = all.mock.seen.find(({ method, path }) => method === "POST" && path.includes("/approvals/"));
    expect(sent?.body).toEqual({ answer: "approve", digest: approval.digest });
  });

  test("stands in the conversation afterwards: who asked, who approved, who refused and why", async () => {
    await signIn();
    const at = new Date().toISOString();
    const notes = /** @type {any[]} */ (all.mock.seedHandover().notes);
    notes.push({ at, act: "approval_requested", note: "Shall I cancel your order?" }, { at, act: "approval_given", agent: "Ivan" }, { at, act: "approval_refused", agent: "Jo", note: "taken over" });
    await page.locator(".row").click();
    for (const place of [page.locator("#context"), page.locator(".transcript")]) {
      await place.getByText("Ivan approved it").waitFor();
      const told = (await place.textContent()) ?? "";
      for (const part of ["Colleagues were asked to approve this", "Shall I cancel your order?", "Jo refused it", "taken over"]) expect(told, part).toContain(part);
    }
  });

  test("is refused with a reason only, and is gone then", async () => {
    await signIn();
    all.mock.seedApproval();
    await page.getByRole("button", { name: "Refuse…" }).click();
    await page.getByRole("button", { name: "Refuse", exact: true }).click();
    expect(await page.locator("#approval .field-problem").innerText()).toBe("Say why not.");
    await page.fill("#approval-reason", "looks like a stolen account");
    await page.getByRole("button", { name: "Refuse", exact: true }).click();
    await page.locator("#approvals").waitFor({ state: "hidden" });
  });
});

describe("on a narrow screen", () => {
  test("why it came, what is overdue and what comes next stand above the conversation", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await signIn();
    all.mock.seedHandover({}, { priority: "high", summary: "\"אני רוצה לדבר עם נציג\"\nThe customer asked for a person.\nNothing has been changed so far." });
    await page.locator(".row").click();
    const brief = page.locator(".brief");
    await brief.getByText("High priority").waitFor();
    const text = await brief.innerText();
    for (const part of ["Customer asked for person", "The customer asked for a person.", "Check the return window"]) expect(text, part).toContain(part);
    const lines = brief.locator(".own-line");
    expect(await lines.evaluateAll((nodes) => nodes.map((node) => getComputedStyle(node).direction))).toEqual(["rtl", "ltr", "ltr"]);
    expect(await page.locator(".transcript").evaluate((node) => node.clientHeight)).toBeGreaterThan(200);
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(await brief.isVisible()).toBe(false);
  });
});

describe("the inbox", () => {
  test("has each number beside its name at every width", async () => {
    await signIn();
    for (let count = 0; count < 12; count += 1) all.mock.seedHandover();
    await expect.poll(() => page.locator("[data-filter=waiting] .number").innerText()).toBe("12");
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      const [name, number] = await page.locator("[data-filter=waiting] > span:not(.unread)").evaluateAll((nodes) => nodes.map((node) => node.getBoundingClientRect()));
      expect(Math.abs(((name?.top ?? 0) + (name?.bottom ?? 0)) / 2 - ((number?.top ?? 0) + (number?.bottom ?? 0)) / 2), String(width)).toBeLessThan(4);
      expect(number?.left ?? 0).toBeGreaterThan(name?.right ?? 0);
    }
  });

  test("fills by itself, the most urgent on top, and the title counts", async () => {
    await signIn();
    all.mock.seedHandover();
    await page.locator(".row").waitFor();
    expect(await page.locator("#announce").innerText()).toContain("asks for a person");
    all.mock.seedHandover({ priority: "high" }, { reason_code: "fraud_suspected", customer: { id: "C-2", name: "Tom Okafor" } });
    await expect.poll(() => page.locator(".row-name").allInnerTexts()).toEqual(["Tom Okafor", "Ada Lindqvist"]);
    expect(await page.title()).toBe("(2) Desk · Nimbus Pay");
    const text = await page.locator(".row").nth(1).innerText();
    for (const part of ["4 min", "Customer asked for person", "Swedish", "running shoes"]) expect(text).toContain(part);
  });
});

describe("one's own conversations", () => {
  test("show from every list that somebody wrote: a dot, the title, and a way there from an empty queue", async () => {
    await signIn();
    const conversation = all.mock.seedHandover({ status: "with_agent", assignee: "Maria Lind" });
    await expect.poll(() => page.locator("[data-filter=mine] .number").innerText()).toBe("1");
    await page.locator("[data-filter=mine] .unread").waitFor();
    expect(await page.title()).toContain("●");
    await page.getByRole("button", { name: "One conversation is yours, with new messages" }).click();
    await page.locator(".row").click();
    await page.locator(".line").first().waitFor();
    await expect.poll(() => page.locator("[data-filter=mine] .unread").isVisible()).toBe(false);
    await page.locator("[data-filter=waiting]").click();
    await page.locator("#detail").waitFor();
    await page.evaluate(() => { location.hash = ""; });
    all.mock.seedHandover({}, { customer: { id: "C-2", name: "Tom Okafor" } });
    await rowOf("Tom Okafor").click();
    all.mock.addMessage(conversation, { author: "customer", text: "are you there?" });
    all.mock.change(conversation, {});
    await page.locator("[data-filter=mine] .unread").waitFor();
    await expect.poll(() => page.locator("#announce").innerText()).toBe("Ada Lindqvist of yours wrote.");
    await expect.poll(() => page.title()).toBe("● (1) Desk · Nimbus Pay");
  });
});

describe("a conversation", () => {
  test("shows the whole context at 1280 by 800 without scrolling", async () => {
    await signIn();
    all.mock.seedHandover();
    await page.locator(".row").click();
    const context = page.locator("#context");
    await context.getByText("Proposed next step").waitFor();
    const text = await context.innerText();
    for (const part of ["Ada Lindqvist", "Identity: identified", "Customer asked for person", "running shoes", "claims not verified", "told by the customer, not verified",
      "from the company’s records", "Trail runner from Fjell & Fot", "Report return", "rcp_01J9Z3M8", "Refused", "Sources used", "Check the return window"]) expect(text, part).toContain(part);
    expect(await context.evaluate((node) => node.scrollHeight - node.clientHeight)).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight)).toBe(0);
    expect(page.problems).toEqual([]);
  });

  test("is taken over, answered, returned with a note, and resolved, by keyboard alone", async () => {
    await signIn();
    const conversation = all.mock.seedHandover();
    await page.locator(".row").waitFor();
    await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
    await page.keyboard.press("j");
    await page.locator(".line").first().waitFor();
    await page.keyboard.press("t");
    await page.locator("#reply-text").waitFor();
    expect(conversation.assignee).toBe("Maria Lind");
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("reply-text");
    await page.keyboard.type("Hello Ada. trebs1?");
    await page.keyboard.press("Enter");
    await page.locator(".line.agent", { hasText: "Hello Ada. trebs1?" }).waitFor();
    await expect.poll(() => page.inputValue("#reply-text")).toBe("");
    await page.keyboard.press("Escape");
    await page.keyboard.press("b");
    await page.keyboard.type("The plan is paused.");
    await page.keyboard.press("Tab");
    await page.keyboard.type("agreed to pause the plan");
    await page.keyboard.press("Control+Enter");
    await expect.poll(() => conversation.status).toBe("open");
    await page.locator(".line.internal", { hasText: "agreed to pause the plan" }).waitFor();
    expect(all.mock.seen.find(({ path }) => path.endsWith("/return"))?.body).toEqual({ message: "The plan is paused.", note: "agreed to pause the plan" });
    await expect.poll(() => page.locator("#note").isVisible()).toBe(false);
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("H2");
    await page.keyboard.press("t");
    await expect.poll(() => conversation.status).toBe("with_agent");
    await page.locator("#reply-text").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("e");
    await page.locator("#note-text").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await expect.poll(() => conversation.status).toBe("resolved");
    await page.getByRole("button", { name: "Reopen" }).waitFor();
    await page.keyboard.press("t");
    await page.keyboard.press("n");
    await page.locator("#note-text").waitFor();
    expect(conversation.status).toBe("resolved");
    await page.keyboard.type("rang the shop");
    await page.keyboard.press("Control+Enter");
    await page.locator(".line.internal", { hasText: "rang the shop" }).waitFor();
    expect(page.problems).toEqual([]);
  });

  test("shows new words of the customer at once, and keeps a draft apart from other conversations", async () => {
    await signIn();
    const first = all.mock.seedHandover({ assignee: "Maria Lind" });
    const second = all.mock.seedHandover({}, { customer: { id: "C-2", name: "Tom Okafor" } });
    for (const conversation of [first, second]) all.mock.change(conversation, { status: "with_agent", assignee: "Maria Lind" });
    await page.locator("[data-filter=mine]").click();
    await rowOf("Ada Lindqvist").click();
    await page.fill("#reply-text", "half a sentence");
    all.mock.addMessage(first, { author: "customer", text: "are you there?" });
    all.mock.change(first, {});
    await page.locator(".line.customer", { hasText: "are you there?" }).waitFor();
    await rowOf("Tom Okafor").click();
    await expect.poll(() => page.inputValue("#reply-text")).toBe("");
    await rowOf("Ada Lindqvist").click();
    await expect.poll(() => page.inputValue("#reply-text")).toBe("half a sentence");
  });

  test("of a colleague can be read, not answered; whoever is late is told so", async () => {
    await signIn();
    const conversation = all.mock.seedHandover();
    await page.locator(".row").click();
    await page.getByRole("button", { name: "Take over" }).waitFor();
    Object.assign(conversation, { status: "with_agent", assignee: "Jo" });
    await page.getByRole("button", { name: "Take over" }).click();
    await page.locator("#alerts", { hasText: "Jo was faster and has this conversation." }).waitFor();
    await expect.poll(() => page.locator(".locked").innerText()).toBe("Jo has this conversation.");
    expect(await page.locator("#reply-text").isVisible()).toBe(false);
    await page.getByRole("button", { name: "Take over from Jo" }).click();
    await page.locator("#take-over").getByRole("button", { name: "Take over" }).click();
    await expect.poll(() => conversation.assignee).toBe("Maria Lind");
    await page.locator(".line.internal", { hasText: "Maria Lind took over from Jo" }).waitFor();
  });

  test("that a colleague takes keeps the draft, the focus and every letter, and no key confirms anything", async () => {
    await signIn();
    const conversation = all.mock.seedHandover();
    await page.locator(".row").click();
    await page.getByRole("button", { name: "Take over" }).click();
    await page.locator("#reply-text").waitFor();
    await page.locator("#reply-text").focus();
    await page.keyboard.type("Dear Ada, I");
    all.mock.change(conversation, { status: "with_agent", assignee: "Sam" });
    await page.locator("#reply-hint", { hasText: "Sam took this over. Your draft is kept and was not sent." }).waitFor();
    await page.keyboard.type(" think t b e ");
    await page.keyboard.press("Enter");
    expect(await page.inputValue("#reply-text")).toContain("Dear Ada, I think t b e ");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("reply-text");
    expect(await page.locator("dialog[open]").count()).toBe(0);
    await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
    await page.keyboard.press("t");
    expect(await page.locator("dialog[open]").count()).toBe(0);
    await page.getByRole("button", { name: "Take over from Sam" }).click();
    await page.locator("#take-over h2").waitFor();
    await page.keyboard.press("Space");
    await expect.poll(() => page.locator("#take-over").isVisible()).toBe(false);
    expect(conversation.assignee).toBe("Sam");
    expect(all.mock.seen.filter(({ path }) => path.endsWith(`${conversation.id}/reply`))).toEqual([]);
  });

  test("stays at its newest message over tabs and own replies, and says when one came further down", async () => {
    await signIn();
    const conversation = all.mock.seedHandover();
    for (let count = 0; count < 30; count += 1) all.mock.addMessage(conversation, { author: "customer", text: `line ${count}` });
    await page.locator(".row").click();
    await page.getByRole("button", { name: "Take over" }).click();
    const below = () => page.locator(".transcript").evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight);
    await expect.poll(below).toBeLessThan(8);
    await page.getByRole("tab", { name: "What happened" }).click();
    all.mock.addMessage(conversation, { author: "customer", text: "meanwhile" });
    all.mock.change(conversation, {});
    await page.locator("#tab-transcript .unread").waitFor();
    await page.getByRole("tab", { name: "Conversation" }).click();
    await expect.poll(below).toBeLessThan(8);
    await page.locator(".transcript").evaluate((node) => { node.scrollTop = 0; });
    await expect.poll(below).toBeGreaterThan(200);
    all.mock.addMessage(conversation, { author: "customer", text: "one more" });
    all.mock.change(conversation, {});
    await page.locator(".fresh").waitFor();
    expect(await below()).toBeGreaterThan(200);
    await page.fill("#reply-text", "Here I am.");
    await page.press("#reply-text", "Enter");
    await page.locator(".line.agent", { hasText: "Here I am." }).waitFor();
    await expect.poll(below).toBeLessThan(8);
    expect(await page.locator(".fresh").isVisible()).toBe(false);
  });

  test("has an address of its own that survives a reload, and one that is resolved can be opened again", async () => {
    await signIn();
    const conversation = all.mock.seedHandover();
    await page.locator(".row").click();
    await page.locator(".line").first().waitFor();
    expect(new URL(page.url()).hash).toBe(`#${conversation.id}`);
    all.mock.change(conversation, { status: "resolved" });
    await page.reload();
    await page.getByRole("button", { name: "Reopen" }).click();
    await expect.poll(() => conversation.status).toBe("with_agent");
    await expect.poll(() => page.locator("#filters [aria-pressed=true]").innerText()).toContain("Mine");
  });

  test("tells in plain words what happened, people's acts among it, with the technical detail folded", async () => {
    await signIn();
    const conversation = all.mock.seedHandover({ status: "with_agent", assignee: "Maria Lind" });
    all.mock.addMessage(conversation, { author: "agent", author_name: "Maria Lind", text: "I am looking into it." });
    await page.locator("[data-filter=mine]").click();
    await page.locator(".row").click();
    await page.getByRole("tab", { name: "What happened" }).click();
    const pane = page.locator("#pane-stages");
    await pane.getByText("Maria Lind wrote to the customer").waitFor();
    await pane.getByText("A person was asked for").waitFor();
    expect(await pane.locator(".happening:not(.by-people)").count()).toBe(2);
    expect(await pane.locator(".stage").first().isVisible()).toBe(false);
    await pane.getByText("Technical detail").last().click();
    await pane.locator("details[open] .stage").first().waitFor();
    expect(await pane.locator("details[open] .stage").count()).toBe(11);
  });

  test("shows the company's records as they stand, in words, and keeps what was opened", async () => {
    await signIn();
    const conversation = all.mock.seedHandover({}, { slots: { order: { id: "ORD-100234", status: "shipped", cancelled_at: null }, mentioned: true } });
    await page.locator(".row").click();
    const context = page.locator("#context");
    await context.locator("summary", { hasText: /^Orders/ }).click();
    await context.getByText("Wool socks from Fjell & Fot", { exact: false }).waitFor();
    await context.locator("summary", { hasText: "Order: Trail runner from Fjell & Fot" }).click();
    const about = (await context.textContent()) ?? "";
    for (const part of ["delivered", "Label created", "3 Nov 2026", "Tickets: cannot be read right now"]) expect(about, part).toContain(part);
    for (const part of ["Mentioned", "label_created", "T09:12", "Refunds", "Cancelled at"]) expect(about, part).not.toContain(part);
    all.mock.addMessage(conversation, { author: "customer", text: "hello?" });
    all.mock.change(conversation, { handover: { .../** @type {any} */ (conversation.handover), summary: "Somebody wrote again." } });
    await context.getByText("Somebody wrote again.").waitFor();
    expect(await context.getByText("Wool socks from Fjell & Fot", { exact: false }).isVisible()).toBe(true);
  });

  test("without a hand-over shows who writes, and an open proposal only while people have it", async () => {
    await signIn();
    const conversation = all.mock.seedHandover({}, { proposal: "Shall I move the payment to 11 December?" });
    await page.locator(".row").click();
    await page.locator("#context").getByText("What the assistant was about to do").waitFor();
    await page.locator("#context").getByText("Only the customer’s own yes", { exact: false }).waitFor();
    all.mock.change(conversation, { status: "resolved" });
    await expect.poll(() => page.locator("#context").innerText()).not.toContain("was about to do");
    all.mock.change(conversation, { status: "open", handover: undefined });
    await expect.poll(() => page.locator("#context").innerText()).toContain("No person was asked for");
    await page.locator("#context summary", { hasText: /^Orders/ }).waitFor();
  });

  test("is resolved with open eyes: an unsent reply and an unanswered proposal are named; a returned one takes the draft along", async () => {
    await signIn();
    const conversation = all.mock.seedHandover({ resumable: "moving a due date" }, { proposal: "Shall I move the payment to 11 December?" });
    await page.locator(".row").click();
    await page.getByRole("button", { name: "Take over" }).click();
    await page.locator("#reply-text").waitFor();
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator("#reply-hint", { hasText: "Write something first." }).waitFor();
    await page.fill("#reply-text", "Dear Ada");
    await page.getByRole("button", { name: "Resolve", exact: true }).click();
    await page.locator(".still-open", { hasText: "Dear Ada" }).waitFor();
    expect(await page.locator(".still-open").innerText()).toContain("move the payment to 11 December");
    await page.locator("#note").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Return to AI" }).click();
    await page.locator(".open-request", { hasText: "moving a due date" }).waitFor();
    expect(await page.inputValue("#note-message")).toBe("Dear Ada");
    expect(await page.isChecked("#goes-on")).toBe(true);
    await page.press("#note-message", "Control+Enter");
    await expect.poll(() => conversation.status).toBe("open");
    expect(all.mock.seen.filter(({ path }) => path.endsWith(`${conversation.id}/return`)).map(({ body }) => body)).toEqual([{ message: "Dear Ada", resume: true }]);
    await page.getByRole("button", { name: "Take over" }).click();
    await page.locator("#reply-text").waitFor();
    expect(await page.inputValue("#reply-text")).toBe("");
  });
});

describe("shortcuts", () => {
  test("are listed, can be turned off, and stay off", async () => {
    await signIn();
    all.mock.seedHandover();
    await page.locator(".row").waitFor();
    await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
    await page.keyboard.press("?");
    await page.locator("#help").waitFor();
    await page.uncheck("#shortcuts-on");
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    expect(await page.locator(".row[aria-current]").count()).toBe(0);
    await page.reload();
    await page.locator(".row").waitFor();
    await page.keyboard.press("j");
    expect(await page.locator(".row[aria-current]").count()).toBe(0);
  });
});
