// Nobody's words become code: every text field of the API is filled with hostile strings, on both pages.
import { afterAll, beforeAll, expect, test } from "vitest";
import { stages } from "../mock/fixtures.js";
import { openPage, startAll } from "./browser.js";

const HOSTILE = [
  "<script>window.hacked=1</script>", "<img src=x onerror=window.hacked=1>", "<svg onload=window.hacked=1>", "\"><iframe srcdoc='<script>parent.hacked=1</script>'>",
  "[x](javascript:window.hacked=1)", "[x](JaVaScRiPt:window.hacked=1)", "[x](data:text/html;base64,PHNjcmlwdD4=)", "[x](https://ok.example\" onclick=\"window.hacked=1)",
  "<a href=javascript:window.hacked=1>x</a>", "<math><mtext><style><img src onerror=window.hacked=1></style>", "{{constructor.constructor('window.hacked=1')()}}",
  "**<img src=x onerror=window.hacked=1>**", "- <details open ontoggle=window.hacked=1>", "javascript:window.hacked=1", "\u202e<b>right to left</b>", "<base href=https://evil.example>",
];
const ALL = HOSTILE.join("\n");

/** @type {Awaited<ReturnType<typeof startAll>>} */
let all;
beforeAll(async () => { all = await startAll(); });
afterAll(() => all.stop());

/** @param {import("./browser.js").WatchedPage} page */
async function expectInert(page) {
  const found = await page.evaluate(() => ({
    hacked: "hacked" in window,
    elements: document.querySelectorAll("main script, main iframe, main img, main object, main base, main style, main b, main math").length,
    handlers: [...document.querySelectorAll("*")].filter((node) => node.getAttributeNames().some((name) => name.startsWith("on"))).length,
    links: [...document.querySelectorAll("main a, aside a")].map((node) => /** @type {HTMLAnchorElement} */ (node).protocol).filter((protocol) => !/^https?:$/.test(protocol)),
  }));
  expect(found).toEqual({ hacked: false, elements: 0, handlers: 0, links: [] });
  expect(page.problems).toEqual([]);
}

test("on the chat page", async () => {
  all.mock.company = ALL;
  const page = await openPage(all.browser, `${all.address}/`);
  await page.fill("#message-text", ALL);
  await page.press("#message-text", "Enter");
  await page.locator(".message.assistant").nth(1).waitFor();
  const conversation = [...all.mock.conversations.values()].at(-1);
  for (const author of ["assistant", "agent", "system", "customer"]) {
    all.mock.addMessage(conversation, { author, author_name: ALL, text: ALL, citations: [{ article_id: "a", title: ALL, quote: ALL, url: "javascript:window.hacked=1" }] });
  }
  all.mock.change(conversation, { awaiting: { kind: "confirm", proposal: { action: ALL, summary: ALL, arguments: { [ALL]: ALL, list: [{ deep: ALL }] } } } });
  await page.locator(".confirm").waitFor();
  for (const summary of await page.locator("#log summary").all()) await summary.click();
  expect(await page.locator("#log").innerText()).toContain("<script>window.hacked=1</script>");
  await expectInert(page);
  all.mock.change(conversation, { awaiting: { kind: "choice", options: [{ id: "1", label: ALL }] } });
  await page.locator(".choices").waitFor();
  await expectInert(page);
  await page.context().close();
});

test("on the desk page", async () => {
  all.mock.company = ALL;
  const page = await openPage(all.browser, `${all.address}/desk`);
  await page.fill("#name", "Maria");
  await page.press("#name", "Enter");
  const conversation = all.mock.seedHandover({}, { reason_code: ALL, summary: ALL, identity_level: ALL, language: ALL, sentiment: ALL, proposed_next_step: ALL,
    customer: { id: ALL, name: ALL, note: ALL }, slots: { [ALL]: ALL }, actions: [{ action: ALL, state: ALL, receipt_id: ALL, arguments: { a: ALL } }], sources: [{ title: ALL, url: "javascript:window.hacked=1" }, ALL], near: [{ kind: ALL, id: ALL, label: ALL, at: ALL, source: ALL }] });
  all.mock.addMessage(conversation, { author: "assistant", text: ALL, citations: [{ article_id: "a", title: ALL, quote: ALL, url: ALL }] });
  Object.assign(conversation, { turns: [{ turn_id: "t", at: ALL, stages: [{ stage: ALL, ms: 1, summary: ALL, detail: { [ALL]: [ALL, { x: ALL }] } }, ...stages()] }] });
  await page.locator(".row").click();
  await page.locator("#context .part").first().waitFor();
  await page.getByRole("tab", { name: "What happened" }).click();
  for (const summary of await page.locator("#pane-stages .turn-block > summary").all()) await summary.click();
  await page.getByRole("tab", { name: "Conversation" }).click();
  expect(await page.locator("#context").innerText()).toContain("<script>window.hacked=1</script>");
  await expectInert(page);
  await page.context().close();
});
