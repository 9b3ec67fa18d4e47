// What needs the approval of people? Who asks, what exactly, why, by which rule and until when; an answer is for exactly what is shown.
/** @import { Approval } from "../shared/types.js" */
/** @import { Desk } from "./state.js" */
import { byId, el, ownLines, reconcile, show } from "../shared/dom.js";
import { elapsed, moneyText, words } from "../shared/format.js";
import { plainText } from "../shared/record.js";
import { readable } from "./records.js";

const REASON_CHARS_MAX = 500;

/** @param {Desk} desk @param {(id: string) => void} on_open */
export function makeApprovals(desk, on_open) {
  const rows = byId("approval-rows");
  return {
    update() {
      show(byId("approvals"), desk.approvals.length > 0);
      reconcile(rows, desk.approvals, {
        key: ({ id }) => id,
        version: (approval) => JSON.stringify([approval, elapsed(approval.requested_at, Date.now(), "en")]),
        build: (approval) => renderApproval(approval, desk, on_open),
      });
    },
  };
}

/** How many have approved, and whom that leaves. @param {Approval} approval */
export function standOf({ approvers, given, is_yours }) {
  const names = given.map(({ name }) => name).join(", ");
  const so_far = names ? `${given.length} of ${approvers} approved (${names})` : approvers === 1 ? "One person carries it out" : `Needs ${approvers} people`;
  return is_yours ? so_far : `${so_far}. Not yours to answer.`;
}

/** What stands among the rules where only the action's own autonomy asks for people. */
const SUGGESTED = "autonomy: suggest";

/** Why people are asked, in words. @param {Approval} approval */
export function whyOf({ rules }) {
  return rules.map((rule) => (rule === SUGGESTED ? "The assistant only suggests this" : words(rule))).join(", ");
}

/** The sum that moves, if it is known. @param {Approval} approval */
export function amountOf({ amount_minor, currency }) {
  return amount_minor !== undefined && currency ? moneyText({ minor: amount_minor, currency }, "en") : "";
}

/** @param {Approval} approval @param {Desk} desk @param {(id: string) => void} on_open */
function renderApproval(approval, desk, on_open) {
  /** @param {"approve"|"refuse"} answer */
  const button = (answer) => el("button", { type: "button", class: answer === "approve" ? "button primary small" : "button small",
    on: { click: () => askAnswer(answer, approval, desk) } }, answer === "approve" ? "Approve…" : "Refuse…");
  return el("li", { class: "approval" },
    el("p", { class: "approval-head" }, el("strong", { dir: "auto" }, approval.customer_name ?? approval.customer_id), el("span", { class: "amount" }, amountOf(approval))),
    el("p", {}, `${words(approval.action)} · ${whyOf(approval)}`),
    el("p", { class: "approval-summary" }, ownLines(approval.summary)),
    el("p", { class: "quiet-text" }, `${standOf(approval)} · asked ${elapsed(approval.requested_at, Date.now(), "en")} ago`),
    el("div", { class: "buttons" }, approval.is_yours ? [button("approve"), button("refuse")] : [],
      el("button", { type: "button", class: "button quiet small", on: { click: () => on_open(approval.conversation_id) } }, "Open")));
}

const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
/** Day and time: an approval may wait over night. @param {string} at */
const day = (at) => DAY.format(new Date(at));

/** All that is known of it, in the order one asks. @param {Approval} approval @returns {[string, string][]} */
export function factsOf(approval) {
  return [
    ["Who asks", approval.customer_name ? `${approval.customer_name} (${approval.customer_id})` : approval.customer_id],
    ["What", words(approval.action)],
    ...(amountOf(approval) ? [/** @type {[string, string]} */ (["Amount", amountOf(approval)])] : []),
    ...Object.entries(approval.arguments).map(([name, value]) => /** @type {[string, string]} */ ([words(name), readable(value, name) ?? plainText(value, "en")])),
    ["Customer's words", approval.said],
    ["Why people are asked", approval.rules.includes(SUGGESTED) ? whyOf(approval) : `${whyOf(approval)} (${approval.rules.join(", ")})`],
    ...approval.given.map(({ name, at }) => /** @type {[string, string]} */ (["Approved", `${name}, ${day(at)}`])),
    ["Asked", day(approval.requested_at)],
    ["Until", `${day(approval.expires_at)}, then nothing is done`],
  ];
}

/** @param {"approve"|"refuse"} answer @param {Approval} approval @param {Desk} desk */
function askAnswer(answer, approval, desk) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("approval");
  const reason = el("textarea", { id: "approval-reason", rows: 2, maxlength: REASON_CHARS_MAX, dir: "auto", "aria-describedby": "approval-reason-hint" });
  const problem = el("p", { class: "field-problem", role: "alert" });
  const is_refusal = answer === "refuse";
  const submit = async () => {
    if (is_refusal && reason.value.trim() === "") {
      problem.textContent = "Say why not.";
      return reason.focus();
    }
    const is_done = await desk.decide(approval, is_refusal ? { answer, reason: reason.value.trim() } : { answer });
    if (!is_done) return void (problem.textContent = desk.trouble?.text ?? "This did not work. Try again.");
    dialog.close();
  };
  // A key that was meant for something else must approve nothing: the safe button has the focus.
  const cancel = el("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, "Cancel");
  dialog.replaceChildren(
    el("h2", { id: "approval-title" }, is_refusal ? "Refuse this?" : "Approve exactly this?"),
    el("div", { class: "note-form" },
      el("p", {}, ownLines(approval.summary)),
      el("dl", { class: "facts" }, factsOf(approval).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", { dir: "auto" }, value)))),
      ...(is_refusal ? [el("label", { for: "approval-reason" }, "Why not"), el("p", { class: "quiet-text", id: "approval-reason-hint" }, "Kept in the ledger. The customer is told that it will not be done, not why."), reason] : []),
      problem,
      el("div", { class: "buttons" },
        el("button", { type: "button", class: "button primary", on: { click: () => void submit() } }, is_refusal ? "Refuse" : "Approve"), cancel)));
  dialog.showModal();
  (is_refusal ? reason : cancel).focus();
}
