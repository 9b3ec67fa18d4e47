// Starts the browser and the mock server for one file of tests, and stops both.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { Mock } from "../mock/server.js";

const EXECUTABLE = process.env.OMBUD_CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Playwright makes a new user data folder for every launch. */
export async function launch() {
  if (!existsSync(EXECUTABLE)) throw new Error(`no browser at \`${EXECUTABLE}\`: install Chromium or set OMBUD_CHROMIUM to its path`);
  return chromium.launch({ executablePath: EXECUTABLE, headless: true, args: ARGUMENTS });
}

/** @typedef {import("playwright-core").Page & {problems: string[]}} WatchedPage */

/**
 * A page in a fresh context that collects every error, refused resource and request to another host.
 * @param {import("playwright-core").Browser} browser
 * @param {string} address
 * @param {import("playwright-core").BrowserContextOptions} options
 * @returns {Promise<WatchedPage>}
 */
export async function openPage(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
  const page = /** @type {WatchedPage} */ (await context.newPage());
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) page.problems.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(new URL(address).origin)) page.problems.push(`other host: ${request.url()}`);
  });
  await page.goto(address);
  return page;
}

/** A mock server, its address, and a browser; `stop` ends all of it. */
export async function startAll() {
  const mock = new Mock();
  const address = await mock.listen();
  const browser = await launch();
  return {
    mock, address, browser,
    stop: async () => {
      await browser.close();
      await mock.close();
    },
  };
}
