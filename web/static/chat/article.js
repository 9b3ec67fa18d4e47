// What does a whole article look like? The quoted sentences lead here, without leaving the conversation.
/** @import { Citation } from "../shared/types.js" */
/** @import { Translate } from "../shared/strings.js" */
import { byId, el } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { renderMarkdown } from "../shared/markdown.js";

/**
 * @param {{t: Translate, read: (article_id: string) => Promise<{body: string}>, locale: () => string}} how
 * @returns {(citation: Citation) => Promise<void>} opens the article of a citation
 */
export function makeArticle({ t, read, locale }) {
  /** @type {HTMLDialogElement} */
  const drawer = byId("article");
  drawer.addEventListener("click", (event) => {
    if (event.target === drawer) drawer.close(); // the backdrop belongs to the dialog element itself
  });

  return async ({ article_id, title }) => {
    const lang = locale();
    const close = el("button", { type: "button", class: "drawer-close", "aria-label": t("button.close"), title: t("button.close"), on: { click: () => drawer.close() } }, icon("close"));
    const body = el("div", { class: "article-body", dir: "auto", lang }, el("p", { class: "quiet-text" }, t("article.loading")));
    drawer.replaceChildren(close, el("article", { class: "panel-body" },
      el("header", { class: "panel-head" }, el("h2", { id: "article-title", dir: "auto", lang }, title)), body));
    drawer.showModal();
    try {
      body.replaceChildren(...renderArticle((await read(article_id)).body));
    } catch {
      body.replaceChildren(el("p", {}, t("article.gone")));
    }
  };
}

/** Headings are lines of their own; between them stands what messages may hold too. @param {string} text @returns {HTMLElement[]} */
export function renderArticle(text) {
  return text.split(/^(#{1,4} .+)$/m).flatMap((part) => {
    const heading = /^#{1,4} (.+)$/.exec(part);
    return heading ? [el("h3", {}, heading[1])] : renderMarkdown(part);
  });
}
