// Who is the visitor in the demo, and what arrives on their phone?
/** @import { DemoCustomer, OutboxMessage } from "../shared/types.js" */
import { el, reconcile } from "../shared/dom.js";
import { clockTime } from "../shared/format.js";
import { icon } from "../shared/icons.js";

const MESSAGES_MAX = 20;

/**
 * @param {object} how
 * @param {DemoCustomer[]} how.customers
 * @param {string} how.customer_id
 * @param {string} how.locale
 * @param {(customer_id: string) => void} how.on_choose
 * @param {(code: string) => void} how.on_code
 */
export function makeDemo({ customers, customer_id, locale, on_choose, on_code }) {
  const story = el("div", { class: "story", "aria-live": "polite" });
  const select = el("select", { id: "you-are", "aria-describedby": "you-are-hint" },
    el("option", { value: "" }, "Not signed in"),
    group("With a story", customers.filter(({ story }) => story), customers),
    group("Others", customers.filter(({ story }) => !story), customers));
  const phone_title = el("h3", { id: "phone-title" });
  const phone_list = el("ol", { class: "phone-list", "aria-live": "polite", "aria-labelledby": "phone-title" });
  const phone_empty = el("p", { class: "phone-empty" }, "Codes and messages that the company sends arrive here.");

  /** @param {string} id */
  function choose(id) {
    const customer = customers.find((one) => one.id === id);
    select.value = customer ? id : "";
    story.replaceChildren(...(customer ? storyOf(customer) : visitorStory(customers)));
    phone_title.textContent = customer ? `${firstName(customer.name)}’s phone` : "Phone";
    showMessages([]);
  }

  /** @param {OutboxMessage[]} messages newest first */
  function showMessages(messages) {
    const shown = messages.slice(0, MESSAGES_MAX);
    phone_empty.hidden = shown.length > 0;
    phone_list.hidden = shown.length === 0;
    reconcile(phone_list, shown, {
      key: ({ at, text }) => `${at} ${text}`,
      version: () => "",
      build: (message) => phoneMessage(message, locale, on_code),
    });
  }

  select.addEventListener("change", () => {
    choose(select.value);
    on_choose(select.value);
  });
  choose(customer_id);
  const body = el("div", { class: "panel-body demo" },
    el("header", { class: "panel-head" }, el("h2", {}, "Demo"), el("span", { class: "tag" }, "Fictional company")),
    el("label", { for: "you-are" }, "You are:"), select,
    el("p", { id: "you-are-hint", class: "quiet-text" }, "Choosing someone else starts a new conversation."),
    story,
    el("section", { class: "phone", "aria-labelledby": "phone-title" },
      el("header", {}, icon("phone"), phone_title), phone_empty, phone_list),
    el("p", { class: "quiet-text" }, "The other side: ", el("a", { href: "desk" }, "open the desk")));
  return { body, choose, showMessages };
}

/** @param {string} label @param {DemoCustomer[]} members @param {DemoCustomer[]} all */
function group(label, members, all) {
  if (members.length === 0) return null;
  return el("optgroup", { label }, members.map((one) => {
    const has_namesake = all.some(({ id, name }) => name === one.name && id !== one.id);
    return el("option", { value: one.id }, has_namesake ? `${one.name} (${one.postal_code ?? one.id})` : one.name);
  }));
}

/** @param {DemoCustomer} customer */
function storyOf({ story, email, postal_code }) {
  return [
    el("p", { dir: "auto" }, story || "No story: try anything."),
    el("h3", {}, "You may be asked for"),
    el("dl", { class: "record" },
      email ? el("div", { class: "field" }, el("dt", {}, "E-mail"), el("dd", {}, email)) : null,
      postal_code ? el("div", { class: "field" }, el("dt", {}, "Postal code"), el("dd", {}, postal_code)) : null),
  ];
}

/** @param {DemoCustomer[]} customers */
function visitorStory(customers) {
  return [
    el("p", {}, "You came to the site without signing in. Ask anything; for an order or a payment the assistant first asks who you are."),
    el("details", {}, el("summary", {}, "Details of the demo customers"),
      el("ul", { class: "people" }, customers.map(({ name, email, postal_code }) =>
        el("li", {}, el("strong", {}, name), el("span", {}, email ?? ""), el("span", {}, postal_code ?? ""))))),
  ];
}

/** @param {string} name */
function firstName(name) {
  return name.split(/\s+/)[0] ?? name;
}

/** @param {OutboxMessage} message @param {string} locale @param {(code: string) => void} on_code */
function phoneMessage({ at, channel, to, text }, locale, on_code) {
  const code = /(?<!\d)\d{4,8}(?!\d)/.exec(text);
  const parts = code
    ? [text.slice(0, code.index), el("strong", { class: "phone-code" }, code[0]), text.slice(code.index + code[0].length)]
    : [text];
  return el("li", { class: "phone-message" },
    el("p", { class: "phone-from" }, el("span", {}, `${channel.toUpperCase()} to ${to}`), el("time", { datetime: at }, clockTime(at, locale))),
    el("p", { dir: "auto" }, parts),
    code && el("button", { type: "button", class: "button small", on: { click: () => on_code(code[0]) } }, "Use code", el("span", { class: "vh" }, ` ${code[0]}`)));
}
