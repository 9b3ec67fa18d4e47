// How is a message written? Enter sends, Shift+Enter breaks the line, and the length is the server's.
/** @import { Translate } from "../shared/strings.js" */
import { byId } from "../shared/dom.js";
import { characterCount } from "../shared/format.js";

export const TEXT_CHARACTERS_MAX = 8_000;
const WARN_BELOW = 500;

/**
 * @param {{t: Translate, locale: string, on_send: (text: string) => boolean}} how `on_send` says whether it took the text
 * @returns {{focus: () => void, clear: () => void}}
 */
export function makeComposer({ t, locale, on_send }) {
  const form = byId("composer");
  const count = byId("composer-count");
  const send = byId("send");
  /** @type {HTMLTextAreaElement} */
  const text = byId("message-text");
  const number = new Intl.NumberFormat(locale);

  function measure() {
    const left = TEXT_CHARACTERS_MAX - characterCount(text.value);
    const is_over = left < 0;
    const key = is_over ? "composer.over" : "composer.left";
    count.textContent = left < WARN_BELOW ? t(key, { count: number.format(Math.abs(left)) }) : "";
    count.classList.toggle("over", is_over);
    text.setAttribute("aria-invalid", String(is_over));
    send.setAttribute("aria-disabled", String(is_over || text.value.trim() === ""));
    // An empty box follows the page, so that its placeholder does; a filled one follows what is written.
    text.dir = text.value === "" ? document.documentElement.dir : "auto";
    text.style.height = "auto"; // CSSOM, not a style attribute: allowed by the content security policy
    text.style.height = `${text.scrollHeight}px`;
  }

  function submit() {
    const words = text.value.trim();
    if (words === "" || characterCount(text.value) > TEXT_CHARACTERS_MAX) return text.focus();
    if (on_send(words)) text.value = "";
    measure();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  text.addEventListener("input", measure);
  text.addEventListener("keydown", (event) => {
    // While an input method composes, Enter picks a candidate.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  });
  measure();
  return {
    focus: () => text.focus(),
    clear: () => {
      text.value = "";
      measure();
    },
  };
}
