// The desk page: puts the parts together and redraws them when the desk's state changes.
import { apiBase, makeApi, newKey } from "../shared/api.js";
import { byId, el, show } from "../shared/dom.js";
import { drawIcons, icon } from "../shared/icons.js";
import { followEvents } from "../shared/sse.js";
import { makeDetail } from "./detail.js";
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
  follow: (options) => followEvents({ ...options, token: () => desk.token }),
  new_key: newKey,
  later: (run, ms) => void setTimeout(run, ms),
  on_change: () => draw(),
  announce,
});
let company = "";

const inbox = makeInbox(desk, open);
const detail = makeDetail(byId("detail"), byId("context"), desk, { on_close: () => void close(), on_finish: askNote });
const sign_in = makeSignIn(desk, api);

/** @param {string} text */
function announce(text) {
  byId("announce").textContent = text;
}

/** @param {string} id */
function open(id) {
  void desk.select(id);
  if (!matchMedia("(min-width: 64rem)").matches) byId("detail").focus();
}

async function close() {
  const id = desk.selected_id;
  await desk.select("");
  /** @type {HTMLElement | null} */ (byId("rows").querySelector(`[data-key="${CSS.escape(id)}"] button`))?.focus();
}

function draw() {
  const is_in = desk.token !== "";
  show(byId("sign-in"), !is_in);
  show(byId("desk"), is_in);
  show(byId("top-actions"), is_in);
  show(byId("skip"), is_in);
  byId("desk").classList.toggle("has-selection", desk.selected_id !== "");
  byId("staff-name").textContent = desk.name;
  drawLive();
  drawTrouble(is_in);
  const waiting = is_in && desk.waiting_count > 0 ? `(${desk.waiting_count}) ` : "";
  document.title = `${waiting}Desk${company ? ` · ${company}` : ""}`;
  if (!is_in) return;
  inbox.update();
  detail.update();
}

function drawLive() {
  const text = { idle: "", open: "Live", retrying: "Reconnecting…", refused: "" }[desk.connection];
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

/** @param {"return"|"resolve"} verb */
function askNote(verb) {
  if (!desk.is_mine) return;
  /** @type {HTMLDialogElement} */
  const dialog = byId("note");
  const is_return = verb === "return";
  const note = el("textarea", { id: "note-text", rows: 4, maxlength: 4000, dir: "auto", "aria-describedby": "note-hint" });
  dialog.replaceChildren(
    el("h2", { id: "note-title" }, is_return ? "Return to the AI assistant" : "Resolve the conversation"),
    el("form", { class: "note-form", on: { submit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void desk.finish(verb, note.value.trim()).then((is_done) => is_done && dialog.close());
    } } },
    el("label", { for: "note-text" }, "Note (optional)"),
    el("p", { class: "quiet-text", id: "note-hint" }, is_return ? "What you agreed with the customer; the assistant goes on from there." : "What was done; kept with the conversation. The customer does not see it."),
    note,
    el("div", { class: "buttons" },
      el("button", { type: "submit", class: "button primary" }, is_return ? "Return to AI" : "Resolve"),
      el("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, "Cancel"))));
  dialog.showModal();
  note.focus();
}

makeShortcuts([
  { keys: ["j", "ArrowDown"], label: "Next conversation", run: () => inbox.step(1) },
  { keys: ["k", "ArrowUp"], label: "Previous conversation", run: () => inbox.step(-1) },
  { keys: ["t"], label: "Take over", run: () => void desk.take() },
  { keys: ["r"], label: "Write a reply", run: () => { if (desk.detail) detail.focusReply(); } },
  { keys: ["b"], label: "Return to the AI assistant", run: () => askNote("return") },
  { keys: ["e"], label: "Resolve", run: () => askNote("resolve") },
  { keys: ["s"], label: "Switch between messages and what happened", run: () => { if (desk.detail) detail.toggleStages(); } },
  ...FILTERS.map(([filter, label], index) => ({ keys: [String(index + 1)], label: `Show: ${label}`, run: () => void desk.show(filter) })),
], () => desk.token !== "");

async function start() {
  drawIcons(document);
  byId("sign-out").addEventListener("click", () => desk.signOut());
  setInterval(draw, CLOCK_MS);
  draw();
  if (desk.token) void desk.start();
  const health = await api.health().catch(() => undefined);
  company = health?.company?.name ?? "";
  byId("company").textContent = company || "Customer service";
  byId("monogram").textContent = [...company][0]?.toUpperCase() ?? "";
  sign_in.offer(health?.demo === true);
  draw();
}

void start();
