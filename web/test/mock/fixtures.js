// The fictional people and texts of the mock server.

export const COMPANY = "Nimbus Pay";

export const CUSTOMERS = [
  { id: "C-100001", name: "Ada Lindqvist", email: "ada.lindqvist@example.se", postal_code: "114 35",
    story: "You bought running shoes and two of them do not fit. The parcel arrived last week, and the next instalment is due on Friday." },
  { id: "C-100002", name: "Tom Okafor", email: "tom.okafor@example.co.uk", postal_code: "SW9 8PQ",
    story: "There is a purchase of £ 129 on your account that you never made." },
  { id: "C-100003", name: "Noor van Dijk", email: "noor.vandijk@example.nl", postal_code: "1017 AB",
    story: "You cancelled an order twelve days ago, and the refund has not arrived." },
];

export const GREETING =
  "Hello! I am the **AI assistant** of Nimbus Pay. I answer from our help articles and show where each answer comes from. You can ask for a person at any time.";

/** What can be picked while a person is awaited. */
export const WAITING = { kind: "handoff", options: [{ id: "assistant", label: "Go on with the assistant" }, { id: "wait", label: "Keep waiting" }] };

export const ARTICLE = "You can send most things back within **30 days** of the day the parcel reached you.\n\n## How to report a return\n\n1. Report the return here.\n2. Print the label we e-mail you.\n3. Hand the parcel in.\n\nPaused instalments are not late and cost nothing.";

export const NOTED = "I've added that for my colleague, who will read it together with everything else. People answer here Monday to Friday from 08:00 to 20:00.";

/** @param {number} scale */
export function stages(scale = 1) {
  return [
    { stage: "intake", ms: 0.08 * scale, summary: "new message, not seen before; lease taken", detail: { channel: "web", idempotency: "new key", characters: 24 } },
    { stage: "safety", ms: 0.21 * scale, summary: "nothing to hide, no sign of an attack", detail: { redactions: [], injection_score: 0.01, distress_score: 0.03 } },
    { stage: "understanding", ms: 0.94 * scale, summary: "StartFlow(report_return), 0.93",
      detail: { commands: [{ kind: "start_flow", flow: "report_return", confidence: 0.93 }], runner_up: { flow: "exchange_item", confidence: 0.04 }, language: "en", rung: "rules" } },
    { stage: "context", ms: 3.2 * scale, summary: "2 orders of the customer, 1 article", detail: { sources: ["orders:C-100001", "KB-014"], tokens: 412 } },
    { stage: "decision", ms: 0.05 * scale, summary: "look up the items that may still go back", detail: { flow: "report_return", step: "choose_items", policy: "allow", rules: ["read_own_orders"] } },
    { stage: "action", ms: 41 * scale, summary: "orders.get read once, 200", detail: { action: "orders.get", risk: "read", attempts: 1, idempotency_key: "0190c2a7" } },
    { stage: "context", ms: 0.3 * scale, summary: "1 order with 3 items", detail: { sources: ["ORD-100234"] } },
    { stage: "decision", ms: 0.04 * scale, summary: "ask which item", detail: { flow: "report_return", step: "ask_item", reasons: ["more than one item can be returned"] } },
    { stage: "answer", ms: 0.6 * scale, summary: "template, 2 claims, 2 supported", detail: { claims: [{ text: "30 days", source: "KB-014", supported: true }, { text: "payments pause", source: "KB-014", supported: true }] } },
    { stage: "record", ms: 1.9 * scale, summary: "7 events committed", detail: { events: 7, config: "pl-4f1c", version: 12 } },
    { stage: "reply", ms: 0.02 * scale, summary: "delivered", detail: { citations: 1, disclosure: "shown" } },
  ];
}

const RETURN_CITATIONS = [
  { article_id: "KB-014", title: "Returning something you bought", url: "https://help.example.com/returns",
    quote: "You have 30 days from the day the parcel reached you. As soon as you report the return, we pause the payments of the items that go back." },
  { article_id: "KB-021", title: "What happens to my payments when I return", quote: "Paused instalments are not late and cost nothing." },
];

const PROPOSAL = {
  action: "report_return",
  summary: "Return **Trail runner, size 39** to Fjell & Fot. The two remaining payments for it stop until the shop has the parcel.",
  arguments: { order_id: "ORD-100234", item: "Trail runner, size 39", amount: { minor: 89900, currency: "SEK" }, label_sent_to: "ada.lindqvist@example.se" },
};

/**
 * What the mock says to a text: the first pattern that fits.
 * @type {{when: RegExp, text: string, awaiting: object, citations?: object[], status?: string, done?: object[], outbox?: string, slow_ms?: number}[]}
 */
export const SCRIPT = [
  { when: /person|موظف/i, text: "Of course. I am passing you to a colleague, with everything you have told me, so you need not repeat it.", awaiting: WAITING, status: "waiting_for_agent" },
  { when: /return|أين|إرجاع/i, text: "You can return most things within **30 days** of delivery:\n\n- report the return here, and the payments pause at once\n- print the label we e-mail you\n- hand in the parcel at any service point\n\nYour order from Fjell & Fot has three items. Which one do you want to send back?",
    citations: RETURN_CITATIONS,
    awaiting: { kind: "choice", slot: "item", options: [{ id: "1", label: "Trail runner, size 39" }, { id: "2", label: "Trail runner, size 41" }, { id: "3", label: "Wool socks, 3 pairs" }] } },
  { when: /runner|socks/i, text: "Thank you. Please check this before I report the return.", awaiting: { kind: "confirm", proposal: PROPOSAL } },
  { when: /^(yes|نعم)/i, text: "Done: the return is reported and the payments are paused. The label is on its way to your e-mail. Is there anything else?", done: [{ action: "report_return", receipt_id: "rcp_01J9Z3M8" }],
    awaiting: { kind: "anything_else", options: [{ id: "no", label: "No, thank you" }] } },
  { when: /^no/i, text: "All right, nothing was changed.", awaiting: { kind: "none" } },
  { when: /address|e-mail|code/i, text: "To change that I first have to be sure it is you. I have sent a code by SMS to the number ending in 42.", awaiting: { kind: "identify", slot: "one_time_code" }, outbox: "Nimbus Pay: your code is 482913. It is valid for 5 minutes. We never ask for it by phone." },
  { when: /where|order/i, text: "Your order from **Fjell & Fot** left the warehouse yesterday and should arrive on Thursday. You can follow it at https://track.example.com/ORD-100234.", citations: RETURN_CITATIONS.slice(0, 1), awaiting: { kind: "anything_else" } },
  { when: /card 4111/i, text: "Please never send card numbers here. I have hidden it, and it was not stored.", awaiting: { kind: "none" } },
  { when: /slow/i, text: "That took a moment.", awaiting: { kind: "none" }, slow_ms: 1200 },
];

export const FALLBACK = { text: "I do not have a reliable answer to that. I can look for something else, or pass you to a person.",
  awaiting: { kind: "choice", options: [{ id: "person", label: "Talk to a person" }, { id: "again", label: "Ask something else" }] } };

/** @param {string} text what redaction leaves of it */
export function redact(text) {
  return text.replace(/\b(?:\d[ -]?){13,19}\b/g, "[card number hidden]");
}

export const HANDOVER = {
  reason_code: "customer_asked_for_person",
  summary: "Ada reports that one of two pairs of running shoes does not fit and says the shop promised free returns. She wants the instalment of Friday moved until the return is settled.",
  identity_level: "identified",
  customer: { id: "C-100001", name: "Ada Lindqvist", market: "SE", email: "ada.lindqvist@example.se", customer_since: "2021" },
  slots: { order: { id: "ORD-100234", label: "Trail runner from Fjell & Fot, ordered 3 November 2026 (ORD-100234)", placed_at: "2026-11-03T09:12:00Z", status: "delivered" }, return_reason: "does not fit", wishes: "move the instalment of 27 November" },
  actions: [
    { action: "orders.get", arguments: { order_id: "ORD-100234" }, state: "done" },
    { action: "report_return", arguments: { order_id: "ORD-100234", item_ids: ["I-1"] }, state: "done", receipt_id: "rcp_01J9Z3M8" },
    { action: "extend_due_date", arguments: { installment_id: "PL-77-2", days: 14 }, state: "refused" },
  ],
  sources: [{ article_id: "KB-014", title: "Returning something you bought" }, { article_id: "KB-033", title: "Moving a due date" }],
  near: [{ kind: "shop", id: "M-1001", label: "Fjällsport", at: null, source: "list_orders", age_s: 0 }, { kind: "order", id: "ORD-100702", label: "Hiking backpack (Fjällsport)", at: "2026-11-17T09:30:00.000Z", source: "list_orders", age_s: 0 }],
  language: "sv",
  sentiment: "worried",
  last_words: "The size 39. And can Friday's payment wait?",
  proposed_next_step: "Check the return window with the merchant; if it is open, pause plan PL-77 by hand and tell Ada the new due date.",
};

/** What the company's systems hold of a customer. */
export const RECORDS = {
  identity_level: "identified",
  lists: [
    { title: "Orders", total: 2, records: [
      { title: "Trail runner from Fjell & Fot, SEK 899.00, delivered (ORD-100234)",
        record: { id: "ORD-100234", status: "delivered", placed_at: "2026-11-03T09:12:00Z", total: { minor: 89900, currency: "SEK" }, cancelled_at: null, parcel: { status: "label_created", tracking_number: "PN100234SE" }, items: [{ id: "I-1", name: "Trail runner", sku: "TR-39" }] } },
      { title: "Wool socks from Fjell & Fot, SEK 149.00, placed (ORD-100240)", record: { id: "ORD-100240", status: "placed" } },
    ] },
    { title: "Payment plans", total: 1, records: [{ title: "Fjell & Fot, pay in 4: SEK 224.75 of SEK 899.00 paid (PL-77)", record: { id: "PL-77", kind: "pay_in_4" } }] },
    { title: "Refunds", total: 0, records: [] },
    { title: "Tickets", records: [] },
  ],
  labels: { placed_at: "Ordered", items: "Items", sku: "Article number" },
};
