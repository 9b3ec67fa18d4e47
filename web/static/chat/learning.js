// How much of the other languages can the assistant read yet? Learning them takes minutes at a server's very first start.
/** @import { Understanding } from "../shared/types.js" */

/**
 * The share that is learnt, 0 to 1; none when nothing is being learnt that a visitor could miss.
 * @param {Understanding | undefined} understanding
 * @returns {number | undefined}
 */
export function shareLearnt(understanding) {
  if (understanding?.meaning !== "learning" || understanding.languages >= understanding.of) return undefined;
  const { part, done, of } = understanding.learning ?? { part: "own", done: 0, of: 0 };
  // The company's own language comes first; nothing of the others is learnt then.
  return part === "others" && of > 0 ? Math.min(done / of, 1) : 0;
}
