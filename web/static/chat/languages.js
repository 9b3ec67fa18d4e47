// In which languages are the page's own words written, each in a file of its own?
/** @import { Table } from "../shared/strings.js" */

export const LANGUAGES = ["ar", "bg", "ca", "cs", "da", "de", "el", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "is", "it", "ja", "ko", "lt", "lv", "nb", "nl", "pl", "pt", "ro", "sk", "sl", "sv", "th", "tr", "uk", "vi", "zh"];

/** Norwegian browsers name their language in three ways. @type {Record<string, string>} */
const ALIASES = { no: "nb", nn: "nb" };

/**
 * The words of a language; none where they are not written, or cannot be loaded.
 * @param {string} locale
 * @returns {Promise<Table | undefined>}
 */
export async function wordsOf(locale) {
  const tag = locale.split("-")[0] ?? "";
  const language = ALIASES[tag] ?? tag;
  if (!LANGUAGES.includes(language)) return undefined;
  try {
    const file = await import(`./strings.${language}.js`);
    return file[language];
  } catch {
    return undefined;
  }
}
