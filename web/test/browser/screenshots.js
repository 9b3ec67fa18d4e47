// Takes a picture of every state, narrow and wide, light and dark, into test/screenshots: `npm run screenshots [name part]`.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openPage, startAll } from "./browser.js";
import { STATES } from "./states.js";

const FOLDER = fileURLToPath(new URL("../screenshots/", import.meta.url));
const VIEWS = [
  { name: "wide-light", viewport: { width: 1440, height: 900 }, colorScheme: /** @type {const} */ ("light") },
  { name: "wide-dark", viewport: { width: 1440, height: 900 }, colorScheme: /** @type {const} */ ("dark") },
  { name: "desk-1280", viewport: { width: 1280, height: 800 }, colorScheme: /** @type {const} */ ("light") },
  { name: "desk-1280-dark", viewport: { width: 1280, height: 800 }, colorScheme: /** @type {const} */ ("dark") },
  { name: "phone-light", viewport: { width: 390, height: 844 }, colorScheme: /** @type {const} */ ("light") },
  { name: "phone-dark", viewport: { width: 390, height: 844 }, colorScheme: /** @type {const} */ ("dark") },
  { name: "narrow-light", viewport: { width: 360, height: 740 }, colorScheme: /** @type {const} */ ("light") },
  { name: "narrow-dark", viewport: { width: 360, height: 740 }, colorScheme: /** @type {const} */ ("dark") },
  { name: "zoom-400", viewport: { width: 320, height: 256 }, colorScheme: /** @type {const} */ ("light") },
];

mkdirSync(FOLDER, { recursive: true });
const all = await startAll();
const part = process.argv[2] ?? "";
for (const view of VIEWS) {
  for (const state of STATES.filter(({ name }) => `${name}.${view.name}`.includes(part) || part === "")) {
    all.mock.conversations.clear();
    Object.assign(all.mock, { approvals: [], delay_ms: 0, is_demo: state.is_demo ?? true });
    const page = await openPage(all.browser, all.address + state.path, { viewport: view.viewport, colorScheme: view.colorScheme });
    await state.reach(page, all.mock);
    await page.waitForTimeout(150);
    await page.screenshot({ path: `${FOLDER}${state.name}.${view.name}.png`, fullPage: view.name === "zoom-400" });
    await page.context().close();
  }
}
await all.stop();
