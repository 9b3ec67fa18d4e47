import { expect, test } from "vitest";
import { shareLearnt } from "../../static/chat/learning.js";
/** @import { Understanding } from "../../static/shared/types.js" */

/** @type {[string, Understanding | undefined, number | undefined][]} */
const CASES = [
  ["a server that learns its own language has learnt nothing of the others", { meaning: "learning", languages: 1, of: 35, learning: { part: "own", done: 90, of: 100 } }, 0],
  ["a server that has not counted yet has learnt nothing", { meaning: "learning", languages: 1, of: 35, learning: { part: "others", done: 0, of: 0 } }, 0],
  ["a server that learns the others says how much", { meaning: "learning", languages: 1, of: 35, learning: { part: "others", done: 640, of: 2560 } }, 0.25],
  ["a pack of one language has no others to wait for", { meaning: "learning", languages: 1, of: 1, learning: { part: "own", done: 1, of: 2 } }, undefined],
  ["a server that has learnt says nothing", { meaning: "ready", languages: 35, of: 35 }, undefined],
  ["a server without a model says nothing", { meaning: "words", languages: 1, of: 1 }, undefined],
  ["an older server says nothing", undefined, undefined],
];

test.each(CASES)("%s", (_, understanding, share) => expect(shareLearnt(understanding)).toBe(share));
