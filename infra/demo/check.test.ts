import { describe, expect, it } from "vitest";
import { differences } from "./check.ts";
import { DECISIONS, EXPECTED } from "./scene.ts";
import { describeEntry, type Entry } from "./transcript.ts";

const check = (actual: readonly Entry[]): string[] =>
  differences("Seen", { expected: EXPECTED, actual }, describeEntry);
/** Where Ada laughs and the agent shows that it has read it. */
const laugh = EXPECTED.findIndex((entry) => entry.kind === "says" && entry.text.startsWith("Haha"));

describe("the check of who spoke when", () => {
  it("finds nothing in what should happen", () => {
    expect(check([...EXPECTED])).toEqual([]);
    expect(EXPECTED.length).toBeGreaterThan(DECISIONS.length * 2);
  });

  const said: Entry = { kind: "says", who: "Marco", text: "Very funny." };
  it.each<[string, readonly Entry[], string]>([
    ["an answer to banter", EXPECTED.with(laugh + 1, said), 'there is "Marco: Very funny."'],
    ["an answer after the eyes", EXPECTED.toSpliced(laugh + 2, 0, said), 'there is "Marco: Very funny."'],
    ["no eyes", EXPECTED.toSpliced(laugh + 1, 1), 'there is "Bob: Marco, what can you do for us?"'],
    ["a word more at the end", [...EXPECTED, said], "expected nothing"],
    ["a conversation that breaks off", EXPECTED.slice(0, -1), "there is nothing"],
  ])("finds %s", (_, actual, found) => {
    expect(check(actual)).toEqual([expect.stringContaining(found)]);
  });

  it("finds eyes on another message, which look the same", () => {
    const elsewhere: Entry = { kind: "reacts", who: "Marco", emoji: "👀", to: "Deal!" };
    expect(check(EXPECTED.with(laugh + 1, elsewhere))).toEqual([
      'Seen, at 11: expected "* Marco reacts with 👀 on "Haha, lovely."", there is "* Marco reacts with 👀 on "Deal!""',
    ]);
  });
});
