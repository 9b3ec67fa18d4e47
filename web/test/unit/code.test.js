import { expect, test } from "vitest";
import { codeDigits, codeInText, wantsCode } from "../../static/chat/code.js";

test.each([
  ["482913", "482913"], ["482 913", "482913"], ["482-913", "482913"], ["٤٨٢٩١٣", undefined], ["４８２９１３", "482913"],
  ["4829", "4829"], ["482", undefined], ["12345678", "12345678"], ["123456789", undefined], ["48291a", undefined], ["", undefined],
])("the code in the field %j is %j", (typed, expected) => expect(codeDigits(typed)).toBe(expected));

test.each([
  ["482913", "482913"], ["my code is 482913", "482913"], ["It says 482 913.", "482913"], ["482913 thanks", "482913"],
  ["my order is ORD-100234", undefined], ["#482913", undefined], ["order W4829130", undefined], ["4829131", "4829131"],
  ["I paid 1482913 for it", undefined], ["no code came", undefined], [`${"long ".repeat(12)}482913`, undefined],
])("the code in the chat text %j is %j", (text, expected) => expect(codeInText(text)).toBe(expected));

test("only the one-time code has its own field", () => {
  expect(wantsCode({ kind: "identify", slot: "one_time_code" })).toBe(true);
  expect(wantsCode({ kind: "identify", slot: "email" })).toBe(false);
  expect(wantsCode({ kind: "slot", slot: "one_time_code" })).toBe(false);
});
