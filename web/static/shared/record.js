// How is a record of unknown shape shown? As a list of names and values, bounded in depth and length.
import { el } from "./dom.js";
import { isMoney, moneyText, words } from "./format.js";

const ENTRIES_MAX = 40;
const DEPTH_MAX = 5;
const CHARACTERS_MAX = 2_000;

/**
 * One value as text, where that is possible without losing structure.
 * @param {unknown} value
 * @param {string} locale
 * @returns {string | undefined}
 */
export function plainText(value, locale) {
  if (value === null || value === undefined || value === "") return "—";
  if (isMoney(value)) return moneyText(value, locale);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return new Intl.NumberFormat(locale, { maximumFractionDigits: 4 }).format(value);
  if (typeof value === "string") return value.length > CHARACTERS_MAX ? `${value.slice(0, CHARACTERS_MAX)} …` : value;
  if (Array.isArray(value) && value.length === 0) return "none";
  if (Array.isArray(value) && value.length <= 6 && value.every((item) => typeof item === "string" && item.length <= 40)) {
    return value.join(", ");
  }
  if (typeof value === "object" && Object.keys(value).length === 0) return "none";
  return undefined;
}

/**
 * @param {unknown} value
 * @param {string} locale
 * @param {number} depth
 * @returns {HTMLElement}
 */
export function renderValue(value, locale, depth = 0) {
  const text = plainText(value, locale);
  if (text !== undefined) return el("span", { class: "value", dir: "auto" }, text);
  if (depth >= DEPTH_MAX) return el("span", { class: "value" }, "…");
  if (Array.isArray(value)) {
    const shown = value.slice(0, ENTRIES_MAX).map((item) => el("li", {}, renderValue(item, locale, depth + 1)));
    return el("ul", { class: "values" }, shown, more(value.length));
  }
  return renderRecord(/** @type {Record<string, unknown>} */ (value), locale, depth + 1);
}

/**
 * @param {Record<string, unknown>} record
 * @param {string} locale
 * @param {number} depth
 * @returns {HTMLElement}
 */
export function renderRecord(record, locale, depth = 0) {
  const entries = Object.entries(record);
  const rows = entries.slice(0, ENTRIES_MAX).map(([name, value]) =>
    el("div", { class: "field" }, el("dt", {}, words(name)), el("dd", {}, renderValue(value, locale, depth))));
  return el("dl", { class: depth === 0 ? "record" : "record nested" }, rows,
    entries.length > ENTRIES_MAX && el("div", { class: "field" }, el("dt", {}, "…"), el("dd", {}, `${entries.length - ENTRIES_MAX} more`)));
}

/** @param {number} length */
function more(length) {
  return length > ENTRIES_MAX && el("li", {}, `${length - ENTRIES_MAX} more`);
}
