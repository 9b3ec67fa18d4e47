// The chat page: puts the parts together and redraws them when the conversation changes.
/** @import { Health } from "../shared/types.js" */
import { apiBase, makeApi, newKey } from "../shared/api.js";
import { byId, el, show } from "../shared/dom.js";
import { directionOf, elapsed, usableLocale } from "../shared/format.js";
import { drawIcons, icon } from "../shared/icons.js";
import { makePanel } from "../shared/panel.js";
import { followEvents } from "../shared/sse.js";
import { fillStrings, makeTranslate } from "../shared/strings.js";
import { makeArticle } from "./article.js";
import { makeAwaiting } from "./awaiting.js";
import { codeInText } from "./code.js";
import { makeComposer } from "./composer.js";
import { Chat } from "./conversation.js";
import { makeDemo } from "./demo.js";
import { makeHappened } from "./happened.js";
import { renderLog } from "./log.js";
import { wordsOf } from "./languages.js";
import { shareLearnt } from "./learning.js";
import { en } from "./strings.en.js";

const NEAR_END_PX = 80;
const OUTBOX_MS = 3_000;
const STATUS_MS = 15_000;
const LEARNING_MS = 5_000;
const EXAMPLES = 4;

const asked_locale = usableLocale(new URLSearchParams(location.search).get("locale") ?? navigator.language);
const words = await wordsOf(asked_locale);
/** The language of the page's own words: English unless the asked one is written. */
const locale = words || asked_locale.startsWith("en") ? asked_locale : "en";
const t = makeTranslate(words ?? en, en);
/** The demo's own panels are in English; only their clock follows the reader. */
const panel_locale = locale.startsWith("en") ? locale : "en-GB";
document.documentElement.lang = locale;
document.documentElement.dir = directionOf(locale);

/** @type {ReturnType<typeof makeDemo> | undefined} */
let demo;
let has_stages = false;
const scroll = byId("scroll");
const log = byId("log");
/** @type {HTMLDialogElement} */
const demo_drawer = byId("demo-drawer");
/** @type {HTMLDialogElement} */
const happened_drawer = byId("happened-drawer");

const chat = new Chat({
  api: makeApi({ base: apiBase(), token: () => chat.token }),
  storage: sessionStorage,
  follow: (options) => followEvents({ ...options, token: () => chat.token }),
  now_ms: () => Date.now(),
  new_key: newKey,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  locale: asked_locale,
  on_change: () => draw(),
});
const api = makeApi({ base: apiBase(), token: () => chat.token });

const composer = makeComposer({ t, locale, on_send: sendTyped });
const awaiting = makeAwaiting(byId("awaiting"), {
  t, locale, say, say_prepared: (key) => void sayPrepared(key), announce,
  send_code: (code) => void chat.sendCode(code),
  on_built: () => keepFocus(),
});
const showArticle = makeArticle({ t, read: (id) => api.article(id, chat.market, chat.locale), locale: () => chat.locale });
const happened = makeHappened({ locale: panel_locale, on_select: () => draw() });
/** @type {ReturnType<typeof makePanel> | undefined} */
let happened_panel;

/** Sends what was typed, unless it is a one-time code: that goes to its own field. @param {string} text */
function sendTyped(text) {
  const code = awaiting.has_code_field() ? codeInText(text) : undefined;
  if (code) {
    awaiting.fillCode(code);
    announce(t("code.moved"));
    return true;
  }
  chat.send(text);
  scrollToEnd();
  return true;
}

/** Says for the customer what a button shows. @param {string} text */
function say(text) {
  chat.send(text);
  scrollToEnd();
}

/** Says a prepared sentence in the language of the conversation: in that of the page it might turn the conversation to it. @param {string} key */
async function sayPrepared(key) {
  const table = chat.locale === asked_locale ? words : await wordsOf(chat.locale);
  say(makeTranslate(table ?? en, en)(key));
}

/** @param {string} text */
function announce(text) {
  const place = byId("announce");
  place.textContent = "";
  setTimeout(() => { place.textContent = text; }, 50); // the same sentence twice is heard twice
}

/** A pressed button that went away leaves the focus where the customer goes on: but opens no keyboard on a touch screen. */
function keepFocus() {
  if (document.activeElement && document.activeElement !== document.body) return;
  if (matchMedia("(pointer: fine)").matches) composer.focus();
  else log.focus({ preventScroll: true });
}

function isNearEnd() {
  return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_END_PX;
}

function scrollToEnd() {
  scroll.scrollTop = scroll.scrollHeight;
  // Where the window is too low for an inner scroll area, the page itself scrolls.
  if (scroll.scrollHeight <= scroll.clientHeight + 1 && document.documentElement.scrollHeight > innerHeight) {
    byId("composer").scrollIntoView({ block: "end" });
  }
}

function draw() {
  const was_near_end = isNearEnd();
  const entries = chat.transcript.entries();
  happened.update([...chat.turns.values()]);
  renderLog(log, chat, {
    t, locale, shows_turns: has_stages, selected_turn: happened.selected(),
    on_turn: showTurn, on_retry: () => chat.retry(), on_article: (citation) => void showArticle(citation),
  });
  show(byId("empty"), entries.length === 0 && !chat.conversation_id);
  show(log, entries.length > 0);
  show(byId("typing"), chat.is_busy && chat.status === "open");
  awaiting.update(chat);
  drawStatus();
  drawTrouble();
  if (was_near_end) scrollToEnd();
  show(byId("latest"), !isNearEnd());
}

/** @param {string} turn_id */
function showTurn(turn_id) {
  happened.select(turn_id);
  happened_panel?.open();
  draw();
}

function drawStatus() {
  const line = byId("status-line");
  const text = statusText();
  const kind = chat.connection === "retrying" ? "retrying" : chat.status;
  if (line.textContent !== text || line.dataset.kind !== kind) {
    line.dataset.kind = kind;
    line.replaceChildren(...(text ? [el("span", { class: "status-dot", "aria-hidden": "true" }), el("span", {}, text)] : []));
  }
  show(line, text !== "");
  show(byId("talk"), chat.status === "open");
  drawWriter();
}

/** Who writes on the other side. */
function drawWriter() {
  const name = chat.status === "with_agent" ? agentName() : "";
  const writer = byId("writer");
  const text = name ? t("label.agent_here", { name }) : t(chat.status === "waiting_for_agent" ? "label.waiting" : "label.ai");
  if (writer.textContent !== text) writer.textContent = text;
  byId("writer-line").classList.toggle("person", name !== "");
}

function agentName() {
  return chat.agent_name || lastAgentName() || t("label.agent_unnamed");
}

function statusText() {
  if (chat.connection === "retrying") return t("status.retrying");
  if (chat.status === "with_agent") {
    const name = chat.agent_name || lastAgentName();
    return name ? t("status.with_agent", { name }) : t("status.with_agent_unnamed");
  }
  if (chat.status === "resolved") return t("status.resolved");
  if (chat.status !== "waiting_for_agent") return "";
  const is_long = Date.now() - Date.parse(chat.waiting_since) >= 60_000;
  return is_long ? t("status.waiting_since", { time: elapsed(chat.waiting_since, Date.now(), locale) }) : t("status.waiting");
}

function lastAgentName() {
  const agents = chat.transcript.entries().flatMap((entry) => (entry.kind === "server" && entry.message.author === "agent" ? [entry.message] : []));
  return agents.at(-1)?.author_name ?? "";
}

let drawn_trouble = "";
function drawTrouble() {
  const { trouble, left_id } = chat;
  const now = JSON.stringify([trouble ?? null, left_id]);
  if (now === drawn_trouble) return;
  drawn_trouble = now;
  byId("way-back").replaceChildren(...(left_id ? [el("button", { type: "button", class: "button small", on: { click: () => void chat.goBack() } }, icon("person"), t("leave.back"))] : []));
  if (!trouble) return byId("trouble").replaceChildren();
  const is_over = trouble.advice === "problem.session_over";
  byId("trouble").replaceChildren(el("div", { class: "trouble-card" },
    el("p", {}, icon("alert"), t(trouble.advice, { seconds: trouble.seconds }), trouble.code ? ` ${t("problem.code", { code: trouble.code })}.` : ""),
    is_over && el("button", { type: "button", class: "button small", on: { click: startOver } }, t("button.new")),
    trouble.again && el("button", { type: "button", class: "button small", on: { click: trouble.again } }, t("button.try_again"))));
}

/** A conversation in which something was said is not left by accident. */
function askToLeave() {
  if (!chat.has_person && !chat.transcript.has_words) return startOver();
  /** @type {HTMLDialogElement} */
  const dialog = byId("leave");
  dialog.replaceChildren(
    el("h2", { id: "leave-title" }, t("leave.title")), el("p", {}, t(chat.has_person ? "leave.text" : "leave.text_open")),
    el("div", { class: "buttons" },
      el("button", { type: "button", class: "button primary", on: { click: () => dialog.close() } }, t("leave.no")),
      el("button", { type: "button", class: "button", on: { click: () => { dialog.close(); startOver(); } } }, t("leave.yes"))));
  dialog.showModal();
}

function startOver() {
  chat.startOver(chat.customer_id);
  announce(t("announce.new"));
  composer.focus();
}

function askForPerson() {
  void sayPrepared("say.person");
  composer.focus(); // the button goes away while a person is awaited
}

/** @param {Health} health */
function showCompany(health) {
  const name = health.company?.name ?? "";
  byId("company").textContent = name || t("page.company_unknown");
  byId("monogram").textContent = [...name][0]?.toUpperCase() ?? "";
  document.title = name ? t("page.title", { company: name }) : t("page.company_unknown");
}

/**
 * A quiet note while other languages are still being learnt; asked again until it is done.
 * @param {Health} health
 */
function showLearning(health) {
  const share = shareLearnt(health.understanding);
  const note = byId("learning");
  show(note, share !== undefined);
  if (share === undefined) return;
  note.textContent = t("status.learning", { percent: share.toLocaleString(locale, { style: "percent" }) });
  setTimeout(() => void api.health().then(showLearning, () => showLearning(health)), LEARNING_MS);
}

async function startDemo() {
  const customers = await api.demoCustomers().catch(() => []);
  demo = makeDemo({
    customers, locale: panel_locale, customer_id: chat.customer_id,
    on_choose: (id) => {
      demo_drawer.close();
      chat.startOver(id);
      announce(t("announce.new"));
    },
    on_code: (code) => {
      demo_drawer.close();
      if (awaiting.has_code_field()) awaiting.fillCode(code);
      else announce("No code is asked for right now.");
    },
  });
  happened_panel = makePanel({
    aside: byId("happened-aside"), drawer: happened_drawer,
    opener: byId("open-happened"), body: happened.body, roomy: "(min-width: 75rem)",
  });
  makePanel({
    aside: byId("demo-aside"), drawer: demo_drawer,
    opener: byId("open-demo"), body: demo.body, roomy: "(min-width: 52rem)",
  });
  setInterval(() => void readPhone(), OUTBOX_MS);
  void readPhone();
}

/** The phone is read only while someone can see it and a conversation runs. */
async function readPhone() {
  if (!demo || document.hidden || (!chat.conversation_id && !chat.customer_id)) return;
  const customer_id = chat.customer_id;
  const messages = await api.demoOutbox(customer_id).catch(() => undefined);
  if (messages && customer_id === chat.customer_id) demo.showMessages(messages);
}

async function start() {
  fillStrings(document, t);
  drawIcons(document);
  byId("examples").replaceChildren(...Array.from({ length: EXAMPLES }, (_, index) => {
    const text = t(`empty.example_${index + 1}`);
    return el("li", {}, el("button", { type: "button", class: "choice", on: { click: () => { say(text); composer.focus(); } } }, text));
  }));
  byId("talk").addEventListener("click", askForPerson);
  byId("new-conversation").addEventListener("click", askToLeave);
  byId("latest").addEventListener("click", () => { scrollToEnd(); composer.focus(); });
  scroll.addEventListener("scroll", () => show(byId("latest"), !isNearEnd()), { passive: true });
  log.addEventListener("toggle", () => show(byId("latest"), !isNearEnd()), { capture: true });
  setInterval(drawStatus, STATUS_MS);
  draw();
  await Promise.all([chat.restore(), greet()]);
}

async function greet() {
  try {
    const health = await api.health();
    showCompany(health);
    showLearning(health);
    document.body.classList.toggle("is-demo", health.demo === true);
    if (!health.demo) return;
    has_stages = true;
    await startDemo();
    draw();
  } catch {
    // The page still works: the first message tells whether the service does.
  }
}

void start();
