import { expect, it } from "vitest";
import { findLeaks, formsOf } from "./canary-search.ts";

it("a text is found however it is written, and only if all of it is there", () => {
  const text = 'a "quoted" word-0123456789, and more';
  const written = [
    text,
    JSON.stringify({ text }),
    encodeURIComponent(text),
    Buffer.from(text).toString("hex"),
    ...["", "a", "ab", "abc"].map((before) => Buffer.from(`${before}${text} after`).toString("base64")),
    Buffer.from(`?>~${text}`).toString("base64url"),
  ];
  for (const one of written) {
    const canary = { name: "it", text };
    expect(findLeaks([{ where: "there", text: one }], [canary]), one).toEqual(["it in there"]);
    expect(findLeaks([{ where: "there", text: one.slice(0, one.length / 2) }], [canary])).toEqual([]);
  }
});

it("no form is so short that it would be found by chance", () => {
  expect(formsOf("abcdefghijklmnop").every((form) => form.length >= 16)).toBe(true);
});
