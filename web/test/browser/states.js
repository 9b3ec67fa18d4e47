// Every state the pages can be in, as steps that lead there: the accessibility tests check each, the screenshots show each.

/**
 * @typedef {import("./browser.js").WatchedPage} WatchedPage
 * @typedef {import("../mock/server.js").Mock} Mock
 * @typedef {{name: string, path: string, is_demo?: boolean, reach: (page: WatchedPage, mock: Mock) => Promise<void>}} State
 */

/** @param {WatchedPage} page @param {string} text */
export async function say(page, text) {
  await page.fill("#message-text", text);
  await page.press("#message-text", "Enter");
}

/** @param {WatchedPage} page */
async function signIn(page) {
  await page.fill("#name", "Maria Lind");
  await page.press("#name", "Enter");
  await page.locator("#filters").waitFor();
}

/** @param {Mock} mock */
function seedTwo(mock) {
  const tom = mock.seedHandover({ priority: "high", locale: "en" }, { reason_code: "fraud_suspected", identity_level: "verified", language: "en", sentiment: "upset",
    customer: { id: "C-100002", name: "Tom Okafor", market: "GB" }, summary: "Tom says that he does not know a purchase of £ 129 at Voltmarkt.", requested_at: new Date(Date.now() - 65_000).toISOString() });
  return [mock.seedHandover(), tom];
}

/** @param {WatchedPage} page @param {Mock} mock */
async function openAda(page, mock) {
  await signIn(page);
  seedTwo(mock);
  await page.locator(".row", { hasText: "Ada Lindqvist" }).first().click();
  await page.locator(".line").first().waitFor();
}

/** @param {Mock} mock */
const lastConversation = (mock) => [...mock.conversations.values()].at(-1);

/** @type {State[]} */
export const STATES = [
  { name: "chat-empty", path: "/", reach: async (page) => { await page.locator("#monogram:not(:empty)").waitFor(); } },
  { name: "chat-empty-plain", path: "/", is_demo: false, reach: async (page) => { await page.locator("#monogram:not(:empty)").waitFor(); } },
  { name: "chat-sources", path: "/", reach: async (page) => {
    await say(page, "I want to return something");
    await page.locator(".choices").waitFor();
    await page.locator(".source summary").first().click();
  } },
  { name: "chat-choice", path: "/", is_demo: false, reach: async (page) => {
    await say(page, "I want to return something");
    await page.locator(".choices").waitFor();
  } },
  { name: "chat-confirm", path: "/", reach: async (page) => {
    await say(page, "the trail runner");
    await page.locator(".confirm").waitFor();
  } },
  { name: "chat-receipt", path: "/", reach: async (page) => {
    await say(page, "yes");
    await page.locator(".receipts").waitFor();
  } },
  { name: "chat-code", path: "/", reach: async (page) => {
    await say(page, "change my address");
    await page.locator("#code").waitFor();
    await page.fill("#code", "12");
    await page.press("#code", "Enter");
  } },
  { name: "chat-typing", path: "/", reach: async (page, mock) => {
    mock.delay_ms = 4_000;
    await say(page, "where is my order");
    await page.locator("#typing:not([hidden])").waitFor();
  } },
  { name: "chat-waiting", path: "/", reach: async (page) => {
    await page.getByRole("button", { name: "Talk to a person" }).click();
    await page.locator("#status-line[data-kind=waiting_for_agent]").waitFor();
  } },
  { name: "chat-noted", path: "/", reach: async (page) => {
    await page.getByRole("button", { name: "Talk to a person" }).click();
    await page.getByRole("button", { name: "Keep waiting" }).waitFor();
    for (const text of ["It is about the running shoes", "Size 39"]) await say(page, text);
    await page.locator(".note").waitFor();
  } },
  { name: "chat-leave", path: "/", reach: async (page) => {
    await page.getByRole("button", { name: "Talk to a person" }).click();
    await page.getByRole("button", { name: "Keep waiting" }).waitFor();
    await page.getByRole("button", { name: "New conversation" }).click();
    await page.locator("#leave h2").waitFor();
  } },
  { name: "chat-leave-open", path: "/", reach: async (page) => {
    await say(page, "where is my order");
    await page.locator(".message.assistant").nth(1).waitFor();
    await page.getByRole("button", { name: "New conversation" }).click();
    await page.locator("#leave h2").waitFor();
  } },
  { name: "chat-article", path: "/", reach: async (page) => {
    await say(page, "I want to return something");
    await page.locator(".source summary").first().click();
    await page.getByRole("button", { name: "Read the article" }).first().click();
    await page.locator("#article h3").waitFor();
  } },
  { name: "chat-agent", path: "/", reach: async (page, mock) => {
    await say(page, "a person please");
    await page.locator("#status-line[data-kind=waiting_for_agent]").waitFor();
    const conversation = lastConversation(mock);
    mock.publish(conversation.id, "handoff.accepted", { agent_name: "Maria Lind" });
    mock.addMessage(conversation, { author: "system", text: "Maria Lind has joined the conversation." });
    mock.addMessage(conversation, { author: "agent", author_name: "Maria Lind", text: "Hello, Maria here. I have read what you wrote, so you need not repeat it." });
    mock.addMessage(conversation, { author: "agent", author_name: "Maria Lind", text: "Shall I move the payment to 11 December?" });
    mock.change(conversation, { status: "with_agent" });
    await page.locator(".message.agent").nth(1).waitFor();
  } },
  { name: "chat-resolved", path: "/", reach: async (page, mock) => {
    await say(page, "where is my order");
    await page.locator(".message.assistant").nth(1).waitFor();
    mock.change(lastConversation(mock), { status: "resolved", awaiting: { kind: "none" } });
    await page.locator("#status-line[data-kind=resolved]").waitFor();
  } },
  { name: "chat-not-sent", path: "/", reach: async (page) => {
    await page.route("**/messages", (route) => route.abort());
    await say(page, "Where is my order?");
    await page.locator(".not-sent").waitFor();
  } },
  { name: "chat-session-over", path: "/", reach: async (page) => {
    await page.route("**/messages", (route) => route.fulfill({ status: 401, json: { code: "OM-0401", detail: "ended" } }));
    await say(page, "Where is my order?");
    await page.locator(".trouble-card").waitFor();
  } },
  { name: "chat-too-long", path: "/", reach: async (page) => { await page.fill("#message-text", "A long story. ".repeat(600)); } },
  { name: "chat-reasons", path: "/", reach: async (page) => {
    await say(page, "return");
    await page.locator(".choices").waitFor();
    const opener = page.locator("#open-happened");
    if (await opener.isVisible()) await opener.click();
    await page.locator(".stage summary").nth(2).click();
  } },
  { name: "chat-demo", path: "/", reach: async (page) => {
    await page.locator("#monogram:not(:empty)").waitFor();
    await page.locator("#you-are").waitFor({ state: "attached" });
    const opener = page.locator("#open-demo");
    if (await opener.isVisible()) await opener.click();
    await page.selectOption("#you-are", "C-100002");
    if (await opener.isVisible()) await opener.click();
  } },
  { name: "chat-arabic", path: "/?locale=ar", reach: async (page) => {
    await say(page, "أين طلبي؟");
    await page.locator(".choices").waitFor();
  } },
  { name: "desk-sign-in", path: "/desk", reach: async (page) => { await page.locator("#name").waitFor(); } },
  { name: "desk-empty", path: "/desk", reach: signIn },
  { name: "desk-inbox", path: "/desk", reach: async (page, mock) => {
    await signIn(page);
    seedTwo(mock);
    await page.locator(".row").nth(1).waitFor();
  } },
  { name: "desk-conversation", path: "/desk", reach: openAda },
  { name: "desk-context", path: "/desk", reach: async (page, mock) => {
    await openAda(page, mock);
    const tab = page.locator("#tab-context");
    if (await tab.isVisible()) await tab.click();
  } },
  { name: "desk-taken", path: "/desk", reach: async (page, mock) => {
    await openAda(page, mock);
    await page.getByRole("button", { name: "Take over" }).click();
    await page.locator("#reply-text").waitFor();
    await page.fill("#reply-text", "Hello Ada, I have moved the payment to 11 December.");
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator(".line.agent").waitFor();
  } },
  { name: "desk-stages", path: "/desk", reach: async (page, mock) => {
    await openAda(page, mock);
    await page.getByRole("tab", { name: "What happened" }).click();
  } },
  { name: "desk-note", path: "/desk", reach: async (page, mock) => {
    await openAda(page, mock);
    for (const conversation of mock.conversations.values()) conversation.resumable = "moving a due date";
    await page.getByRole("button", { name: "Take over" }).click();
    await page.getByRole("button", { name: "Return to AI" }).click();
    await page.locator("#note-text").waitFor();
  } },
  { name: "desk-returned", path: "/desk", reach: async (page, mock) => {
    await openAda(page, mock);
    const ada = [...mock.conversations.values()].find(({ handover }) => handover?.customer.name === "Ada Lindqvist");
    ada.previous = [{ id: "conv-0", status: "resolved", reason_code: "complaint", updated_at: "2026-11-02T10:00:00Z" }];
    ada.handover.proposal = "Shall I move the payment of 27 November to 11 December?";
    await page.getByRole("button", { name: "Take over" }).click();
    await page.getByRole("button", { name: "Return to AI" }).click();
    await page.fill("#note-message", "The payment is moved to 11 December.");
    await page.fill("#note-text", "Plan PL-77 paused by hand; check on Friday.");
    await page.press("#note-text", "Control+Enter");
    await page.locator(".line.internal").last().waitFor();
  } },
  { name: "desk-lost", path: "/desk", reach: async (page, mock) => {
    await openAda(page, mock);
    await page.getByRole("button", { name: "Take over" }).click();
    await page.fill("#reply-text", "Hello Ada, I have");
    for (const conversation of mock.conversations.values()) if (conversation.handover?.customer.name === "Ada Lindqvist") mock.change(conversation, { status: "with_agent", assignee: "Sam" });
    await page.locator("#reply-hint", { hasText: "Sam took this over" }).waitFor();
  } },
  { name: "desk-resolve", path: "/desk", reach: async (page, mock) => {
    await openAda(page, mock);
    await page.getByRole("button", { name: "Take over" }).click();
    await page.fill("#reply-text", "Hello Ada, I have");
    await page.getByRole("button", { name: "Resolve", exact: true }).click();
    await page.locator(".still-open").waitFor();
  } },
  { name: "desk-colleague", path: "/desk", reach: async (page, mock) => {
    await openAda(page, mock);
    for (const conversation of mock.conversations.values()) if (conversation.handover?.customer.name === "Ada Lindqvist") mock.change(conversation, { status: "with_agent", assignee: "Jo" });
    await page.getByRole("button", { name: "Take over from Jo" }).click();
    await page.locator("#take-over h2").waitFor();
  } },
  { name: "desk-approvals", path: "/desk", reach: async (page, mock) => {
    await signIn(page);
    mock.seedApproval();
    await page.locator(".approval").waitFor();
  } },
  { name: "desk-approval", path: "/desk", reach: async (page, mock) => {
    await signIn(page);
    mock.seedApproval();
    await page.getByRole("button", { name: "Refuse…" }).click();
    await page.locator("#approval-reason").waitFor();
  } },
  { name: "desk-help", path: "/desk", reach: async (page) => {
    await signIn(page);
    await page.getByRole("button", { name: "Shortcuts" }).click();
  } },
  { name: "desk-trouble", path: "/desk", reach: async (page, mock) => {
    await openAda(page, mock);
    await page.route("**/take", (route) => route.fulfill({ status: 409, json: { code: "OM-0409", detail: "jo already has it" } }));
    await page.getByRole("button", { name: "Take over" }).click();
    await page.locator(".alert").waitFor();
  } },
];
