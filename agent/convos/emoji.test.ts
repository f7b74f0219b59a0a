import { describe, expect, it } from "vitest";
import { defaultEmoji } from "./emoji.ts";
import { vectors } from "./testdata/vectors.ts";

describe("the default emoji", () => {
  it.each(vectors.emoji)("of $identifier is $emoji", ({ identifier, emoji }) => {
    expect(Buffer.from(defaultEmoji(identifier))).toEqual(Buffer.from(emoji));
  });

  it("is one of 90, each of which some identifier gets", () => {
    const identifiers = Array.from({ length: 2_000 }, (_, index) => `conversation ${index}`);
    const seen = new Set(identifiers.map(defaultEmoji));
    expect(seen.size).toBe(90);
    for (const emoji of seen) expect(emoji).toMatch(/^\p{RGI_Emoji}\uFE0F?$/v);
  });
});
