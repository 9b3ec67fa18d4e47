import { expect, test } from "vitest";
import { Transcript } from "../../static/chat/transcript.js";

/** @param {number} seq @param {"customer"|"assistant"} author @param {string} text @returns {import("../../static/shared/types.js").Message} */
const message = (seq, author, text) => ({ id: `m${seq}`, seq, author, text, at: "2026-01-01T00:00:00Z" });
/** @param {Transcript} transcript */
const shown = (transcript) => transcript.entries().map((entry) => (entry.kind === "server" ? entry.message.text : `(${entry.local.text})`));

test("messages stand in the order of the server, however they arrive, and once", () => {
  const transcript = new Transcript();
  transcript.receive([message(3, "assistant", "c"), message(1, "assistant", "a")]);
  transcript.receive([message(2, "customer", "b"), message(3, "assistant", "c")]);
  expect(shown(transcript)).toEqual(["a", "b", "c"]);
});

test("several unsent messages stay last, in the order they were written", () => {
  const transcript = new Transcript();
  transcript.write("k1", "one", "");
  transcript.write("k2", "two", "");
  transcript.write("k3", "three", "");
  transcript.receive([message(1, "assistant", "hello")]);
  expect(shown(transcript)).toEqual(["hello", "(one)", "(two)", "(three)"]);
});

test("the server's copy replaces the local one, also when card data was hidden in it", () => {
  const transcript = new Transcript();
  transcript.write("k1", "my card is 4111 1111 1111 1111", "");
  transcript.update("k1", { state: "sending" });
  transcript.receive([message(1, "customer", "my card is [card number hidden]")]);
  expect(shown(transcript)).toEqual(["my card is [card number hidden]"]);
});

test("an answered message stands before its answer, even if the server's copy has not come", () => {
  const transcript = new Transcript();
  transcript.write("k1", "one", "");
  transcript.write("k2", "two", "");
  transcript.update("k1", { state: "sending" });
  transcript.answered("k1", [message(2, "assistant", "answer")]);
  expect(shown(transcript)).toEqual(["(one)", "answer", "(two)"]);
  transcript.receive([message(1, "customer", "one")]);
  expect(shown(transcript)).toEqual(["one", "answer", "(two)"]);
});

test("a message that still waits is not taken for one that arrived", () => {
  const transcript = new Transcript();
  transcript.write("k1", "yes", "");
  transcript.receive([message(1, "customer", "yes")]);
  expect(shown(transcript)).toEqual(["yes", "(yes)"]);
});

test("a message whose answer was lost is recognised when it comes by the event stream", () => {
  const transcript = new Transcript();
  transcript.write("k1", "one", "");
  transcript.update("k1", { state: "failed" });
  transcript.receive([message(1, "customer", "one")]);
  expect(shown(transcript)).toEqual(["one"]);
});
