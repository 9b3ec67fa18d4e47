// How are the company's records read by a person? Names and values that say something, what lies deeper folded.
/** @import { DeskRecords, RecordList } from "../shared/types.js" */
import { el } from "../shared/dom.js";
import { countryName, isMoney, languageName, moneyText, words } from "../shared/format.js";
import { plainText } from "../shared/record.js";

const LOCALE = "en";
const ENTRIES_MAX = 60;
const DEPTH_MAX = 4;

/** @typedef {Record<string, unknown>} Fields */

/** Fields whose values are words of the company's systems. */
const CODED = /(^|_)(status|state|kind|type|reason|code|channel|method|priority)$/;

/**
 * A value for a person: no empty ones, no machine's time, no machine's word.
 * @param {unknown} value
 * @param {string} name of its field
 * @returns {string | undefined}
 */
export function readable(value, name = "") {
  if (value === null || value === undefined || value === "") return undefined;
  if (typeof value === "string" && /(^|_)(country|market)$/.test(name) && /^[A-Z]{2}$/.test(value)) return countryName(value);
  if (typeof value === "string" && /^(locale|language)$/.test(name)) return languageName(value);
  if (typeof value === "string" && CODED.test(name) && /^[a-z]+(?:_[a-z0-9]+)*$/.test(value)) return words(value);
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)) return new Date(value).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  if (typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value)) return new Date(`${value}T12:00:00Z`).toLocaleDateString("en-GB", { dateStyle: "medium" });
  if (typeof value === "string" && /^[a-z]+(?:_[a-z0-9]+)+$/.test(value)) return value.replaceAll("_", " ");
  const text = plainText(value, LOCALE);
  return text === "none" || text === "—" ? undefined : text;
}

/** @param {unknown} value @returns {value is Fields} */
function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One line for a record. @param {Fields} record */
export function titleOf({ label, title, name, id }) {
  const found = [label, title, name, id].find((one) => typeof one === "string" && one !== "");
  return String(found ?? "details");
}

/**
 * Names and values; what is nested stands folded below.
 * @param {Fields} record
 * @param {Record<string, string>} labels
 * @param {string[]} left_out
 * @returns {HTMLElement[]}
 */
export function facts(record, labels, left_out = [], depth = 0) {
  const entries = Object.entries(record).filter(([name]) => !left_out.includes(name)).slice(0, ENTRIES_MAX);
  const named = (/** @type {string} */ name) => labels[name] ?? words(name);
  const plain = entries.map(([name, value]) => [named(name), readable(value, name)]).filter(([, text]) => text !== undefined);
  const nested = depth >= DEPTH_MAX ? [] : entries.filter(([, value]) => readable(value) === undefined && isFull(value));
  return [
    ...(plain.length > 0 ? [el("dl", { class: "facts" }, plain.map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", { dir: "auto" }, text))))] : []),
    ...nested.map(([name, value]) => deeper(named(name), value, labels, depth)),
  ];
}

/** @param {unknown} value */
function isFull(value) {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** @param {string} name @param {unknown} value @param {Record<string, string>} labels @param {number} depth */
function deeper(name, value, labels, depth) {
  const parts = Array.isArray(value)
    ? value.filter(isRecord).map((one) => fold(titleOf(one), facts(one, labels, [], depth + 1)))
    : facts(/** @type {Fields} */ (value), labels, [], depth + 1);
  return fold(name, parts);
}

/** @param {string} title @param {HTMLElement[]} parts @param {string=} aside */
export function fold(title, parts, aside) {
  return el("details", { class: "found", data: { fold: title } }, el("summary", { dir: "auto" }, title, aside && el("span", { class: "quiet-text" }, ` ${aside}`)), parts);
}

/** The lists that the company shows at the desk. @param {DeskRecords} records */
export function renderLists({ lists, labels }) {
  return lists.map((list) => (list.total === 0 ? undefined : renderList(list, labels))).filter((part) => part !== undefined);
}

/** @param {RecordList} list @param {Record<string, string>} labels */
function renderList({ title, total, records }, labels) {
  if (total === undefined) return el("p", { class: "quiet-text" }, `${title}: cannot be read right now`);
  const rest = total - records.length;
  return fold(title, [
    ...records.map((line) => fold(line.title || titleOf(line.record), facts(line.record, labels))),
    ...(rest > 0 ? [el("p", { class: "quiet-text" }, `and ${rest} more`)] : []),
  ], String(total));
}

/**
 * What is overdue, from the company's own records: the line of each record that says so, and the sums by currency.
 * @param {DeskRecords | undefined} records
 * @returns {{lines: string[], sums: string[]}}
 */
export function overdueOf(records) {
  const lines = (records?.lists ?? []).flatMap((list) => list.records).filter(({ record }) => isOverdue(record));
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const { record } of lines) {
    const parts = Object.values(record).flatMap((value) => (Array.isArray(value) ? value : [])).filter((part) => isRecord(part) && isOverdue(part));
    for (const { amount } of parts.length > 0 ? parts : [record]) {
      if (isMoney(amount)) sums.set(amount.currency, (sums.get(amount.currency) ?? 0) + amount.minor);
    }
  }
  return { lines: lines.map((line) => line.title || titleOf(line.record)), sums: [...sums].map(([currency, minor]) => moneyText({ minor, currency }, LOCALE)) };
}

/** @param {Fields} record */
function isOverdue({ state, status }) {
  return state === "overdue" || status === "overdue";
}

/** The newest state of each record by its id, with its line. @param {DeskRecords | undefined} records @returns {Map<string, {title: string, record: Fields}>} */
export function byRecordId(records) {
  const known = (records?.lists ?? []).flatMap((list) => list.records).filter(({ record }) => typeof record.id === "string");
  return new Map(known.map((line) => [String(line.record.id), line]));
}
