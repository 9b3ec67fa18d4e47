// The desk page: puts the parts together and redraws them when the desk's state changes.
import { apiBase, makeApi, newKey } from "../shared/api.js";
import { byId, el, show } from "../shared/dom.js";
import { drawIcons, icon } from "../shared/icons.js";
import { followEvents } from "../shared/sse.js";
import { makeApprovals } from "./approvals.js";
import { makeDetail } from "./detail.js";
import { askBefore } from "./finish.js";
import { FILTERS, makeInbox } from "./inbox.js";
import { makeShortcuts } from "./shortcuts.js";
import { makeSignIn } from "./sign_in.js";
import { Desk } from "./state.js";

const CLOCK_MS = 15_000;

const api = makeApi({ base: apiBase(), token: () => desk.token });
/** @type {Desk} */
const desk = new Desk({
  api,
  storage: sessionStorage,
  lasting: localStorage,
  follow: (options) => followEvents({ ...options, token: () => desk.token }),
  new_key: newKey,
  later: (run, ms) => void setTimeout(run, ms),
  on_change: () => draw(),
  announce,
});
let company = "";

const approvals = makeApprovals(desk, open);
const inbox = makeInbox(desk, open);
const detail = makeDetail(byId("detail"), byId("context"), desk, { on_close: () => void close(), on_finish: ask, on_take: () => void take() });
const sign_in = makeSignIn(desk, api);

/** @param {string} text */
function announce(text) {
  byId("announce").textContent = text;
}

/** @param {string} id */
function open(id) {
  if (location.hash.slice(1) !== id) history.replaceState(null, "", `#${id}`);
  void desk.select(id);
  if (!matchMedia("(min-width: 64rem)").matches) byId("detail").focus();
}

async function close() {
  const id = desk.selected_id;
  history.replaceState(null, "", location.pathname + location.search);
  await desk.select("");
  /** @type {HTMLElement | null} */ (byId("rows").querySelector(`[data-key="${CSS.escape(id)}"] button`))?.focus();
}

function draw() {
  const is_in = desk.token !== "";
  show(byId("sign-in"), !is_in);
  show(byId("desk"), is_in);
  show(byId("top-actions"), is_in);
  show(byId("skip"), is_in);
  for (const node of [byId("desk"), document.body]) node.classList.toggle("has-selection", desk.selected_id !== "");
  byId("staff-name").textContent = desk.name;
  drawLive();
  drawTrouble(is_in);
  const waiting = is_in && desk.counts.waiting ? `(${desk.counts.waiting}) ` : "";
  document.title = `${is_in && desk.unread_mine > 0 ? "● " : ""}${waiting}Desk${company ? ` · ${company}` : ""}`;
  if (!is_in) return;
  approvals.update();
  inbox.update();
  detail.update();
}

function drawLive() {
  const text = { idle: "", open: "Live", retrying: "Connection lost. Reconnecting…", refused: "" }[desk.connection];
  const live = byId("live");
  if (live.textContent !== text) live.textContent = text;
  live.dataset.state = desk.connection;
}

let drawn_trouble = "";
/** @param {boolean} is_in */
function drawTrouble(is_in) {
  const { trouble } = desk;
  const text = trouble?.text ?? "";
  if (text === drawn_trouble) return;
  drawn_trouble = text;
  if (!is_in) sign_in.tell(text);
  byId("alerts").replaceChildren(...(is_in && trouble ? [el("div", { class: "alert" }, icon("alert"), el("p", {}, trouble.text),
    trouble.again && el("button", { type: "button", class: "button small", on: { click: trouble.again } }, "Try again"),
    el("button", { type: "button", class: "button quiet small", on: { click: () => { desk.trouble = undefined; draw(); } } }, "Dismiss"))] : []));
}

/** Takes the open conversation over; one that a colleague has only after a second look. */
async function take() {
  if (desk.can_take !== "colleague") {
    if (await desk.take()) detail.focusReply();
    return;
  }
  /** @type {HTMLDialogElement} */
  const dialog = byId("take-over");
  const name = desk.detail?.assignee ?? "A colleague";
  const go = () => {
    dialog.close();
    void desk.take(true).then((is_done) => { if (is_done) detail.focusReply(); });
  };
  // A key that was meant for a reply must confirm nothing: the safe button has the focus.
  const cancel = el("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, "Cancel");
  dialog.replaceChildren(
    el("h2", { id: "take-over-title" }, `Take over from ${name}?`),
    el("p", { class: "quiet-text" }, `${name} cannot answer this customer any more, and the customer is told that you have joined.`),
    el("div", { class: "buttons" },
      el("button", { type: "button", class: "button primary", on: { click: go } }, "Take over"), cancel));
  dialog.showModal();
  cancel.focus();
}

/** The conversation that the address names. */
function openFromAddress() {
  const id = location.hash.slice(1);
  if (id && id !== "detail" && desk.token && id !== desk.selected_id) open(id);
}

/** @param {import("./finish.js").Verb} verb */
function ask(verb) {
  askBefore(verb, desk, { draft: detail.draft(), on_done: (done) => {
    if (done === "return") detail.dropDraft();
    detail.focusHead();
  } });
}

makeShortcuts([
  { keys: ["j", "ArrowDown"], label: "Next conversation", run: () => inbox.step(1) },
  { keys: ["k", "ArrowUp"], label: "Previous conversation", run: () => inbox.step(-1) },
  { keys: ["t"], label: "Take over", run: () => { if (desk.can_take !== "closed") void take(); } },
  { keys: ["r"], label: "Write a reply", run: () => { if (desk.detail) detail.focusReply(); } },
  { keys: ["b"], label: "Return to the AI assistant", run: () => ask("return") },
  { keys: ["e"], label: "Resolve", run: () => ask("resolve") },
  { keys: ["n"], label: "Note for colleagues", run: () => ask("note") },
  { keys: ["c"], label: "Go to the context", run: () => { if (desk.detail) detail.focusContext(); } },
  { keys: ["s"], label: "Switch between messages and what happened", run: () => { if (desk.detail) detail.toggleStages(); } },
  ...FILTERS.map(([filter, label], index) => ({ keys: [String(index + 1)], label: `Show: ${label}`, run: () => void desk.show(filter) })),
], () => desk.token !== "" && !desk.was_just_lost);

async function start() {
  drawIcons(document);
  byId("sign-out").addEventListener("click", () => desk.signOut());
  setInterval(draw, CLOCK_MS);
  draw();
  addEventListener("hashchange", openFromAddress);
  if (desk.token) void desk.start().then(openFromAddress);
  const health = await api.health().catch(() => undefined);
  company = health?.company?.name ?? "";
  byId("company").textContent = company || "Customer service";
  byId("monogram").textContent = [...company][0]?.toUpperCase() ?? "";
  sign_in.offer(health?.demo === true);
  draw();
}

void start();
