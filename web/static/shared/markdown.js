// Which markup may a message carry? Paragraphs, bold, lists and web links; everything else stays visible as typed.
import { el } from "./dom.js";

const INLINE_NODES_MAX = 2_000;

/**
 * @typedef {{kind: "text", text: string} | {kind: "bold", text: string} | {kind: "link", text: string, url: string} | {kind: "break"}} Inline
 * @typedef {{kind: "paragraph", inlines: Inline[]} | {kind: "list", is_ordered: boolean, start: number, items: Inline[][]}} Block
 */

/**
 * The address if it is an absolute http(s) one without a user name, else nothing.
 * @param {unknown} address
 * @returns {string | undefined}
 */
export function safeUrl(address) {
  if (typeof address !== "string" || !/^https?:\/\//i.test(address)) return undefined;
  try {
    const url = new URL(address);
    // A user part is how "https://bank.example@evil.example" misleads.
    return url.username || url.password ? undefined : url.href;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} text
 * @returns {Block[]}
 */
export function parseMarkdown(text) {
  /** @type {Block[]} */
  const blocks = [];
  /** @type {string[]} */
  let paragraph = [];
  const closeParagraph = () => {
    if (paragraph.length > 0) blocks.push({ kind: "paragraph", inlines: parseInlines(paragraph.join("\n")) });
    paragraph = [];
  };
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) {
    const item = /^\s{0,3}(?:[-*•]|(\d{1,3})[.)])\s+(\S.*)$/.exec(line);
    if (item) {
      closeParagraph();
      addItem(blocks, item[1], item[2] ?? "");
    } else if (line.trim() === "") {
      closeParagraph();
    } else {
      paragraph.push(line.trim());
    }
  }
  closeParagraph();
  return blocks;
}

/** @param {Block[]} blocks @param {string | undefined} number @param {string} text */
function addItem(blocks, number, text) {
  const is_ordered = number !== undefined;
  const last = blocks.at(-1);
  const items = [parseInlines(text)];
  if (last?.kind === "list" && last.is_ordered === is_ordered) last.items.push(...items);
  else blocks.push({ kind: "list", is_ordered, start: Number(number ?? 1), items });
}

/**
 * @param {string} text
 * @returns {Inline[]}
 */
export function parseInlines(text) {
  /** @type {Inline[]} */
  const inlines = [];
  const pattern = /\*\*(?=\S)([^*\n]{1,500})(?<=\S)\*\*|\[([^\]\n]{1,300})\]\(([^)\s]{1,2000})\)|(https?:\/\/[^\s<>"')\]]{1,2000})|\n/gi;
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (inlines.length >= INLINE_NODES_MAX) break;
    const inline = inlineOf(match);
    if (!inline) continue;
    if (match.index > at) inlines.push({ kind: "text", text: text.slice(at, match.index) });
    inlines.push(inline.node);
    at = match.index + match[0].length - inline.given_back;
  }
  if (at < text.length) inlines.push({ kind: "text", text: text.slice(at) });
  return inlines;
}

/** @param {RegExpExecArray} match @returns {{node: Inline, given_back: number} | undefined} */
function inlineOf(match) {
  const [whole, bold, label, target, bare] = match;
  if (whole === "\n") return { node: { kind: "break" }, given_back: 0 };
  if (bold !== undefined) return { node: { kind: "bold", text: bold }, given_back: 0 };
  if (label !== undefined) {
    const url = safeUrl(target);
    return url ? { node: { kind: "link", text: label, url }, given_back: 0 } : undefined;
  }
  // A full stop after an address belongs to the sentence.
  const trimmed = (bare ?? "").replace(/[.,;:!?]+$/, "");
  const url = safeUrl(trimmed);
  return url ? { node: { kind: "link", text: trimmed, url }, given_back: whole.length - trimmed.length } : undefined;
}

/**
 * @param {string} text
 * @param {(url: string) => boolean} may_link whether an address may be followed; the others stay text with the address in sight
 * @returns {HTMLElement[]}
 */
export function renderMarkdown(text, may_link = () => true) {
  return parseMarkdown(text).map((block) => {
    if (block.kind === "paragraph") return el("p", {}, renderInlines(block.inlines, may_link));
    const items = block.items.map((item) => el("li", {}, renderInlines(item, may_link)));
    return block.is_ordered ? el("ol", { start: block.start === 1 ? undefined : block.start }, items) : el("ul", {}, items);
  });
}

/** @param {Inline[]} inlines @param {(url: string) => boolean} may_link @returns {(Node | string)[]} */
function renderInlines(inlines, may_link) {
  return inlines.map((inline) => {
    if (inline.kind === "text") return inline.text;
    if (inline.kind === "break") return el("br");
    if (inline.kind === "bold") return el("strong", {}, inline.text);
    return may_link(inline.url) ? webLink(inline.text, inline.url) : inertLink(inline);
  });
}

/**
 * A link as text: where it would lead is in sight, also when it was named something else.
 * @param {{text: string, url: string}} link
 */
export function inertLink({ text, url }) {
  return safeUrl(text) ? text : `${text} (${url})`;
}

/**
 * Whether links of a reply may be followed by staff: not where the customer wrote their host, since replies repeat customers' words.
 * @param {string[]} texts what the customer wrote before
 * @returns {(url: string) => boolean}
 */
export function linksNotOf(texts) {
  const written = texts.join("\n").toLowerCase();
  const links = texts.flatMap(parseInlines).filter((inline) => inline.kind === "link");
  const hosts = new Set(links.map(({ url }) => hostOf(url)));
  return (url) => !hosts.has(hostOf(url)) && !written.includes(hostOf(url));
}

/** @param {string} url */
function hostOf(url) {
  return new URL(url).hostname.replace(/^www\./, "");
}

/**
 * A link to another site: opens apart and tells the other site nothing about this one.
 * @param {string} text
 * @param {string} url already passed through `safeUrl`
 */
export function webLink(text, url) {
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, text);
}
