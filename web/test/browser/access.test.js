// Can everybody use the pages? The keyboard alone, screen readers, small windows, large text, right to left; every state stands in `../access`.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPage, startAll } from "./browser.js";
import { say } from "./states.js";

/** @type {Awaited<ReturnType<typeof startAll>>} */
let all;
beforeAll(async () => { all = await startAll(); });
afterAll(() => all.stop());

describe("the keyboard alone", () => {
  test("asks, opens a source, chooses, confirms and starts over, and the focus is always visible and never lost", async () => {
    all.mock.is_demo = true;
    const page = await openPage(all.browser, `${all.address}/`);
    await page.locator("#you-are").waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("skip");
    await page.keyboard.press("Enter");
    await page.keyboard.type("I want to return something");
    await page.keyboard.press("Enter");
    await page.locator(".choices").waitFor();
    await tabTo(page, ".choice", "Shift+Tab");
    await tabTo(page, ".source summary", "Shift+Tab");
    await page.keyboard.press("Enter");
    expect(await page.locator(".source[open]").count()).toBe(1);
    await tabTo(page, ".choice");
    await page.keyboard.press("Space");
    await page.locator(".confirm").waitFor();
    await tabTo(page, ".confirm .primary", "Shift+Tab");
    await page.keyboard.press("Enter");
    await page.locator(".receipts").waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("message-text");
    await tabTo(page, "#talk", "Shift+Tab");
    await tabTo(page, "#new-conversation", "Shift+Tab");
    await page.keyboard.press("Enter");
    await page.locator("#leave h2").waitFor();
    await tabTo(page, "#leave .button:not(.primary)");
    await page.keyboard.press("Enter");
    expect(await page.locator("#empty").isVisible()).toBe(true);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("message-text");
    await page.context().close();
  });

  test("opens a drawer on a narrow screen, cannot leave it by Tab, and returns to its button", async () => {
    all.mock.is_demo = true;
    const page = await openPage(all.browser, `${all.address}/`, { viewport: { width: 360, height: 740 } });
    await page.locator("#open-demo").waitFor();
    await page.focus("#open-demo");
    await page.keyboard.press("Enter");
    for (let step = 0; step < 12; step += 1) {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest("dialog")?.id === "demo-drawer")).toBe(true);
    }
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("open-demo");
    await page.context().close();
  });
});

/** Presses Tab until the focus is there, and checks at every stop that it can be seen. @param {import("./browser.js").WatchedPage} page @param {string} selector @param {string} key */
async function tabTo(page, selector, key = "Tab") {
  for (let step = 0; step < 40; step += 1) {
    await page.keyboard.press(key);
    const stop = await page.evaluate((wanted) => {
      const node = document.activeElement;
      if (!node || node === document.body) return { is_there: false, is_seen: true, name: "body" };
      // The part that is not scrolled away; of something tall that is less than the whole.
      const part = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
      for (let holder = /** @type {Element | null} */ (node); holder; holder = holder.parentElement) {
        if (holder !== node && getComputedStyle(holder).overflowY === "visible") continue;
        const box = holder.getBoundingClientRect();
        Object.assign(part, { left: Math.max(part.left, box.left), top: Math.max(part.top, box.top), right: Math.min(part.right, box.right), bottom: Math.min(part.bottom, box.bottom) });
      }
      const x = (part.left + part.right) / 2;
      const y = (part.top + part.bottom) / 2;
      const top = document.elementFromPoint(x, y);
      const style = getComputedStyle(node.closest(".composer-box") ?? node);
      return { is_there: node.matches(wanted), name: `${node.tagName} ${node.id} ${node.className}`, is_seen: Boolean(top && (node.contains(top) || top.contains(node))) && style.outlineStyle !== "none" };
    }, selector);
    expect(stop.is_seen, `focus on ${stop.name} cannot be seen`).toBe(true);
    if (stop.is_there) return;
  }
  throw new Error(`no way by ${key} to ${selector}`);
}

describe("what a screen reader hears", () => {
  test("the log is polite and named, each message says whose it is, news are announced once", async () => {
    all.mock.is_demo = true;
    const page = await openPage(all.browser, `${all.address}/`);
    await say(page, "I want to return something");
    await page.locator(".choices").waitFor();
    const log = page.getByRole("log", { name: "Conversation" });
    expect(await log.getAttribute("aria-live")).toBe("polite");
    expect(await log.locator(".message").evaluateAll((nodes) => nodes.map((node) => (node.textContent ?? "").replace(/^AI(?=AI )/, "").slice(0, 14))))
      .toEqual(["AI assistant: ", "You: I want to", "AI assistant: "]);
    await expect.poll(() => page.locator("#announce").textContent()).toBe("3 suggested answers are above the message box.");
    const built = await page.evaluate(async () => {
      let added = 0;
      new MutationObserver((records) => { for (const record of records) added += record.addedNodes.length; }).observe(document.querySelector("#log") ?? document.body, { childList: true });
      /** @type {HTMLElement} */ (document.querySelector(".happened-button")).click();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return added;
    });
    expect(built).toBe(0);
    await page.context().close();
  });

  test("a conversation in another language is marked with it", async () => {
    const page = await openPage(all.browser, `${all.address}/?locale=ga`); // the page has no words of its own in Irish
    await say(page, "haigh");
    await page.locator(".message.assistant").nth(1).waitFor();
    expect([await page.getAttribute("html", "lang"), await page.locator(".message.assistant .bubble").first().getAttribute("lang")]).toEqual(["en", "ga"]);
    await page.context().close();
  });
});

describe("right to left", () => {
  test("the page is mirrored, its words are Arabic, and a left-to-right text keeps its direction", async () => {
    all.mock.is_demo = false;
    const page = await openPage(all.browser, `${all.address}/?locale=ar`);
    await say(page, "ORD-100234");
    await page.locator(".message.customer:not(.local)").waitFor();
    expect(await page.evaluate(() => [document.documentElement.dir, document.documentElement.lang])).toEqual(["rtl", "ar"]);
    const [box, brand, talk] = await Promise.all([".message.customer .bubble", ".brand", "#talk"].map((selector) => page.locator(selector).first().boundingBox()));
    expect(box && box.x).toBeLessThan(640);
    expect(brand && talk && brand.x > talk.x).toBe(true);
    expect(await page.locator("#talk").innerText()).toBe("التحدث مع موظف");
    expect(await page.locator(".message.customer .bubble").evaluate((node) => getComputedStyle(node).direction)).toBe("ltr");
    expect(all.mock.seen.filter(({ path }) => path === "/conversations").at(-1)?.body).toEqual({ locale: "ar" });
    await page.context().close();
  });
});

describe("at 400 % zoom", () => {
  test("the page scrolls as a whole, so that neither the answer nor the message box is squeezed away", async () => {
    all.mock.is_demo = false;
    const page = await openPage(all.browser, `${all.address}/`, { viewport: { width: 320, height: 256 } });
    await say(page, "I want to return something");
    await page.locator(".choices").waitFor();
    await page.locator(".choices .choice").first().scrollIntoViewIfNeeded();
    expect(await page.locator(".choices .choice").first().evaluate((node) => node.getBoundingClientRect().width)).toBeGreaterThan(100);
    expect(await page.locator("#scroll").evaluate((node) => node.scrollHeight - node.clientHeight)).toBe(0);
    await page.context().close();
  });
});

describe("motion", () => {
  test("stops when less of it is asked for", async () => {
    all.mock.is_demo = false;
    all.mock.delay_ms = 1_500;
    const page = await openPage(all.browser, `${all.address}/`, { reducedMotion: "reduce" });
    await say(page, "hello");
    await page.locator("#typing:not([hidden])").waitFor();
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await page.context().close();
    const moving = await openPage(all.browser, `${all.address}/`, { reducedMotion: "no-preference" });
    await say(moving, "hello");
    await moving.locator("#typing:not([hidden])").waitFor();
    expect(await moving.evaluate(() => document.getAnimations().length)).toBe(3);
    await moving.context().close();
    all.mock.delay_ms = 0;
  });
});
