// Is this text a one-time code that must not be sent as a chat message?
/** @import { Awaiting } from "../shared/types.js" */

const SHORT_CHARACTERS_MAX = 60;

/** @param {Awaiting} awaiting */
export function wantsCode(awaiting) {
  return awaiting.kind === "identify" && awaiting.slot === "one_time_code";
}

/** The digits of a code as typed or pasted, with spaces and dashes taken out. @param {string} typed */
export function codeDigits(typed) {
  const digits = typed.normalize("NFKC").replace(/[\s\p{Dash}]/gu, "");
  return /^\d{4,8}$/.test(digits) ? digits : undefined;
}

/**
 * Finds a code in chat text. An order number ("ORD-100234", "#482913") is not one.
 * @param {string} text
 * @returns {string | undefined}
 */
export function codeInText(text) {
  if (text.length > SHORT_CHARACTERS_MAX) return undefined;
  const alone = codeDigits(text.trim());
  if (alone) return alone;
  const found = /(?<![\p{L}\p{N}#-])(\d{3}[ -]?\d{3})(?![\p{L}\p{N}-])/u.exec(text.normalize("NFKC"));
  return found?.[1] && codeDigits(found[1]);
}
