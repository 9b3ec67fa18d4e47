// How are times, amounts and names of fields written for people?

const UNITS = /** @type {const} */ ([["day", 86_400], ["hour", 3_600], ["minute", 60]]);

/** @param {string} at RFC 3339 @param {string=} locale that of the browser if left out, so that both pages show the same clock */
export function clockTime(at, locale) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
}

/**
 * How long ago, in the largest whole unit: "4 min", "2 hr".
 * @param {string} at
 * @param {number} now_ms
 * @param {string} locale
 */
export function elapsed(at, now_ms, locale) {
  const seconds = Math.max(0, Math.floor((now_ms - Date.parse(at)) / 1000));
  if (!Number.isFinite(seconds)) return "";
  for (const [unit, size] of UNITS) {
    if (seconds >= size) return unitText(Math.floor(seconds / size), unit, locale);
  }
  return unitText(seconds, "second", locale);
}

/** @param {number} count @param {string} unit @param {string} locale */
function unitText(count, unit, locale) {
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" }).format(count);
}

/**
 * @param {{minor: number, currency: string}} money minor units
 * @param {string} locale
 */
export function moneyText({ minor, currency }, locale) {
  try {
    const format = new Intl.NumberFormat(locale, { style: "currency", currency });
    return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  } catch {
    return `${minor} ${currency} (minor units)`;
  }
}

/** @param {unknown} value @returns {value is {minor: number, currency: string}} */
export function isMoney(value) {
  if (typeof value !== "object" || value === null) return false;
  const fields = /** @type {Record<string, unknown>} */ (value);
  return Number.isInteger(fields.minor) && typeof fields.currency === "string";
}

/** `reason_code` and `orders.cancel` as words: "Reason code", "Orders cancel". @param {string} name */
export function words(name) {
  const text = name.replace(/^OM-\d+\s*/, "").replace(/[._-]+/g, " ").replace(/([a-z])([A-Z])/g, "$1 $2").trim();
  const joined = text.replace(/\b(id|url|pii|llm|sms|iban|otp)\b/gi, (word) => word.toUpperCase());
  return joined.charAt(0).toUpperCase() + joined.slice(1);
}

/** Milliseconds with as many digits as matter: "0.4 ms", "12 ms", "1.3 s". @param {number} ms @param {string} locale */
export function duration(ms, locale) {
  if (!Number.isFinite(ms)) return "";
  const is_long = ms >= 1000;
  const value = is_long ? ms / 1000 : ms;
  const digits = value >= 10 ? 0 : value >= 1 ? 1 : 2;
  const format = new Intl.NumberFormat(locale, {
    style: "unit", unit: is_long ? "second" : "millisecond", unitDisplay: "short", maximumFractionDigits: digits,
  });
  return format.format(value);
}

/** Length as the server counts it: code points, not UTF-16 units. @param {string} text */
export function characterCount(text) {
  return text.length - (text.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0);
}

/** The name a locale's language has in English: "Swedish". @param {string} locale */
export function languageName(locale) {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(locale) ?? locale;
  } catch {
    return locale;
  }
}

/** The name of a country in English: "Netherlands" for "NL"; what is no code stays as it is. @param {string} code ISO 3166-1, two letters */
export function countryName(code) {
  try {
    return new Intl.DisplayNames(["en"], { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** @param {string} locale @returns {"ltr"|"rtl"} */
export function directionOf(locale) {
  const rtl = ["ar", "fa", "he", "ur", "ps", "sd", "ug", "yi", "ckb", "dv"];
  return rtl.includes(locale.toLowerCase().split(/[-_]/)[0] ?? "") ? "rtl" : "ltr";
}

/** A locale the browser's own formatters accept, or English. @param {string} locale */
export function usableLocale(locale) {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? "en";
  } catch {
    return "en";
  }
}
