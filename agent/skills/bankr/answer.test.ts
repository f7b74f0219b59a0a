import { expect, it } from "vitest";
import { answerOf } from "./answer.ts";

it.each([
  "yes",
  " Yes! ",
  "YES.",
  "ja",
  "Oui",
  "sí",
  "OK",
  "confirm",
  "D’accord",
  "はい。",
  "да",
  "👍",
  "👍🏽",
  "✅",
])("%s confirms", (text) => expect(answerOf(text, undefined)).toBe("yes"));
it.each(["no", "Nein!", "cancel", "нет", "👎🏿"])("%s drops", (text) =>
  expect(answerOf(text, undefined)).toBe("no"),
);
it.each([
  "yes but make it 6",
  "yes please",
  "yesterday",
  "not yes",
  "y",
  "yes?",
  "yes\nno",
  "",
  "“yes”",
  "yes ".repeat(20),
  "ｙｅｓ",
])("%j is no answer", (text) => expect(answerOf(text, undefined)).toBeUndefined());

it("takes a reaction for itself, whatever text comes with it", () => {
  expect(answerOf("", "👍🏿")).toBe("yes");
  expect(answerOf("", "👎")).toBe("no");
  expect(answerOf("yes", "❤️")).toBeUndefined();
  expect(answerOf("yes", "yes")).toBeUndefined();
});
