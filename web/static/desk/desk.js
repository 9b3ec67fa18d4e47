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
  lasting: localStorage,
  follow: (options) => followEvents({ ...options, token: () => desk.token }),
  new_key: newKey,
  later: (run, ms) => void setTimeout(run, ms),
  on_change: () => draw(),
  announce,
});
let company = "";

const inbox = makeInbox(desk, open);
const detail = makeDetail(byId("detail"), byId("context"), desk, { on_close: () => void close(), on_finish: askNote, on_take: () => void take() });
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
  byId("desk").classList.toggle("has-selection", desk.selected_id !== "");
  byId("staff-name").textContent = desk.name;
  drawLive();
  drawTrouble(is_in);
  const waiting = is_in && desk.counts.waiting ? `(${desk.counts.waiting}) ` : "";
  document.title = `${is_in && desk.unread_mine > 0 ? "● " : ""}${waiting}Desk${company ? ` · ${company}` : ""}`;
  if (!is_in) return;
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

/** @param {"return"|"resolve"} verb */
function askNote(verb) {
  if (!desk.is_mine) return;
  /** @type {HTMLDialogElement} */
  const dialog = byId("note");
  const is_return = verb === "return";
  const message = textField("note-message", "Message to the customer", "Sent as your last message. If the customer asks how it stands, the assistant quotes it.");
  const note = textField("note-text", is_return ? "Note for colleagues" : "Note (optional)", is_return ? "Internal: kept with the conversation, the customer does not see it." : "What was done; kept with the conversation. The customer does not see it.");
  const resume = el("input", { type: "checkbox", id: "note-resume" });
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    const words = { message: is_return ? message.input.value.trim() : "", note: note.input.value.trim(), resume: is_return && resume.checked };
    void desk.finish(verb, words).then((is_done) => is_done && dialog.close());
  };
  dialog.replaceChildren(
    el("h2", { id: "note-title" }, is_return ? "Return to the AI assistant" : "Resolve the conversation"),
    el("form", { class: "note-form", on: { submit, keydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
    } } },
    is_return ? message.parts : [], note.parts,
    is_return ? [el("p", { class: "check" }, resume, el("label", { for: "note-resume" }, "The assistant goes on where it was (else the open request is closed)"))] : [],
    el("div", { class: "buttons" },
      el("button", { type: "submit", class: "button primary", "aria-keyshortcuts": "Control+Enter" }, is_return ? "Return to AI" : "Resolve"),
      el("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, "Cancel"))));
  dialog.showModal();
  (is_return ? message : note).input.focus();
}

/** @param {string} id @param {string} label @param {string} hint */
function textField(id, label, hint) {
  const input = el("textarea", { id, rows: 3, maxlength: 4000, dir: "auto", "aria-describedby": `${id}-hint` });
  return { input, parts: [el("label", { for: id }, label), el("p", { class: "quiet-text", id: `${id}-hint` }, hint), input] };
}

makeShortcuts([
  { keys: ["j", "ArrowDown"], label: "Next conversation", run: () => inbox.step(1) },
  { keys: ["k", "ArrowUp"], label: "Previous conversation", run: () => inbox.step(-1) },
  { keys: ["t"], label: "Take over", run: () => void take() },
  { keys: ["r"], label: "Write a reply", run: () => { if (desk.detail) detail.focusReply(); } },
  { keys: ["b"], label: "Return to the AI assistant", run: () => askNote("return") },
  { keys: ["e"], label: "Resolve", run: () => askNote("resolve") },
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
