import { describe, expect, test } from "vitest";
import { linksNotOf, parseInlines, parseMarkdown, safeUrl } from "../../static/shared/markdown.js";

/** @param {string} text */
const text = (text) => ({ kind: "text", text });

describe("blocks", () => {
  test("paragraphs, lists of both kinds, and a list that goes on after an empty line", () => {
    expect(parseMarkdown("one\ntwo\n\n- a\n- b\n\n3. c\n4) d\nlast")).toEqual([
      { kind: "paragraph", inlines: [text("one"), { kind: "break" }, text("two")] },
      { kind: "list", is_ordered: false, start: 1, items: [[text("a")], [text("b")]] },
      { kind: "list", is_ordered: true, start: 3, items: [[text("c")], [text("d")]] },
      { kind: "paragraph", inlines: [text("last")] },
    ]);
  });

  test("a minus sign or a price is not a list", () => {
    expect(parseMarkdown("-5 EUR")).toEqual([{ kind: "paragraph", inlines: [text("-5 EUR")] }]);
    expect(parseMarkdown("12.50 EUR")).toEqual([{ kind: "paragraph", inlines: [text("12.50 EUR")] }]);
  });
});

describe("inlines", () => {
  test("bold and links, with the full stop left to the sentence", () => {
    expect(parseInlines("A **b** at https://x.example/p?q=1. [Read](https://y.example)!")).toEqual([
      text("A "), { kind: "bold", text: "b" }, text(" at "), { kind: "link", text: "https://x.example/p?q=1", url: "https://x.example/p?q=1" },
      text(". "), { kind: "link", text: "Read", url: "https://y.example/" }, text("!"),
    ]);
  });

  test.each([
    "[x](javascript:alert(1))", "[x](data:text/html,<script>1</script>)", "[x](//evil.example)", "[x](https://bank.example@evil.example/)",
    "<img src=x onerror=alert(1)>", "![x](javascript:1)", "<a href='javascript:1'>x</a>",
  ])("`%s` stays text, or links to the web only", (source) => {
    for (const inline of parseInlines(source)) {
      if (inline.kind === "link") expect(inline.url).toMatch(/^https?:\/\//);
      expect(inline.kind === "link" && inline.url.includes("evil")).toBe(false);
    }
    expect(parseInlines(source).map((inline) => ("text" in inline ? inline.text : "\n")).join("")).toBe(source);
  });

  test("every character that is not markup is kept", () => {
    expect(parseInlines("2 * 3 ** 4 [open] (x) **")).toEqual([text("2 * 3 ** 4 [open] (x) **")]);
  });

  test("a hostile text of the longest length is read in well under a second", () => {
    for (const piece of ["**", "[a](", "http://", "[", "- ", "[[[[]](("]) {
      const began = performance.now();
      parseMarkdown(piece.repeat(Math.ceil(8_000 / piece.length)));
      expect(performance.now() - began, piece).toBeLessThan(500);
    }
  });
});

test.each([
  ["https://a.example/x", "https://a.example/x"], ["HTTP://a.example", "http://a.example/"], ["javascript:1", undefined], ["ftp://a.example", undefined],
  ["https://", undefined], ["https://user:pw@a.example", undefined], [" https://a.example", undefined], ["/path", undefined], [undefined, undefined], [{}, undefined],
])("safeUrl(%j) is %j", (address, expected) => expect(safeUrl(address)).toBe(expected));

describe("links for staff", () => {
  test("what a customer wrote leads nowhere, also when the assistant repeats it, and the company's own links do", () => {
    const mayLink = linksNotOf(["see https://Evil.example/login", "or [my bank](http://www.bank.evil.test/x) or straße.example", "https://bücher.example"]);
    for (const inert of ["https://evil.example/", "https://evil.example/other", "https://bank.evil.test/", "https://xn--bcher-kva.example/"]) expect(mayLink(inert), inert).toBe(false);
    expect(mayLink("https://nimbuspay.example/help/returns")).toBe(true);
    expect(linksNotOf([])("https://nimbuspay.example/help")).toBe(true);
  });
});
