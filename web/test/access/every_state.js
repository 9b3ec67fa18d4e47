// Does every state of the pages meet WCAG 2.2 AA by axe in one view, with nothing cut off and no small target?
import { AxeBuilder } from "@axe-core/playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPage, startAll } from "../browser/browser.js";
import { STATES } from "../browser/states.js";

/** @typedef {{name: string, viewport: {width: number, height: number}, colorScheme: "light" | "dark", is_always: boolean}} View */

/** Colours and sizes each meet every state; all five combinations of them only where `OMBUD_ALL_VIEWS` is set. @satisfies {Record<string, View>} */
const VIEWS = {
  wide_light: { name: "wide light", viewport: { width: 1280, height: 800 }, colorScheme: "light", is_always: true },
  wide_dark: { name: "wide dark", viewport: { width: 1280, height: 800 }, colorScheme: "dark", is_always: false },
  narrow_light: { name: "narrow light", viewport: { width: 360, height: 740 }, colorScheme: "light", is_always: false },
  narrow_dark: { name: "narrow dark", viewport: { width: 360, height: 740 }, colorScheme: "dark", is_always: true },
  zoomed: { name: "400 % zoom", viewport: { width: 320, height: 256 }, colorScheme: "light", is_always: true },
};

/** Defines the tests of a view; a file of its own for each, so that two run at the same time. @param {keyof typeof VIEWS} key */
export function everyState(key) {
  const { name, viewport, colorScheme, is_always } = VIEWS[key];
  /** @type {Awaited<ReturnType<typeof startAll>>} */
  let all;
  beforeAll(async () => { all = await startAll(); });
  afterAll(() => all.stop());

  describe.runIf(is_always || process.env.OMBUD_ALL_VIEWS)(name, () => {
    test.each(STATES)("$name has no violation, nothing cut off, and targets of 24 px", async (state) => {
      const page = await reach(all, state, { viewport, colorScheme });
      const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), "scrolls sideways").toBeLessThanOrEqual(0);
      expect(await smallTargets(page)).toEqual([]);
      expect(page.problems).toEqual([]);
      await page.context().close();
    });
  });
}

/** @param {Awaited<ReturnType<typeof startAll>>} all @param {import("../browser/states.js").State} state @param {object} options */
async function reach(all, state, options) {
  all.mock.conversations.clear();
  Object.assign(all.mock, { approvals: [], delay_ms: 0, is_demo: state.is_demo ?? true, company: "Nimbus Pay" });
  const page = await openPage(all.browser, all.address + state.path, { reducedMotion: "reduce", ...options });
  await state.reach(page, all.mock);
  return page;
}

/** Buttons and fields below 24 by 24 px; links inside a sentence are excepted (WCAG 2.2, 2.5.8). @param {import("../browser/browser.js").WatchedPage} page */
function smallTargets(page) {
  return page.evaluate(() => [...document.querySelectorAll("button, summary, input, select, textarea")]
    .filter((node) => node.checkVisibility({ visibilityProperty: true }))
    .map((node) => ({ name: `${node.tagName} ${node.id} ${node.className} ${node.textContent?.slice(0, 40)}`, box: node.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && (box.width < 23.9 || box.height < 23.9))
    .map(({ name, box }) => `${name} ${box.width}x${box.height}`));
}
