import { expect, test } from "vitest";
import { judgeItem, LEAK_MIN_AGE_MS, type LedgerRow, mayRemove } from "./leak.ts";

const row = (change: Partial<LedgerRow>): LedgerRow => ({
  externalId: "ours",
  state: "active",
  outcome: undefined,
  ...change,
});

test.each<[string, string, LedgerRow | undefined, string | undefined]>([
  ["the instance's own is in order", "ours", row({}), undefined],
  ["a second one of the name is not", "other", row({}), "duplicate"],
  ["what nobody has written down may be anybody's", "other", undefined, "unknown"],
  [
    "what was made absent and is there came late",
    "ours",
    row({ state: "settled", outcome: { kind: "absent" } }),
    "late",
  ],
  [
    "also under another id",
    "other",
    row({ state: "settled", externalId: undefined, outcome: { kind: "absent" } }),
    "late",
  ],
  ["what is being made is on its way", "other", row({ state: "intended", externalId: undefined }), undefined],
  [
    "what is in doubt is looked after",
    "other",
    row({ state: "ambiguous", externalId: undefined }),
    undefined,
  ],
  ["what is being released is too", "ours", row({ state: "releasing" }), undefined],
  [
    "a wallet stays",
    "ours",
    row({ state: "settled", outcome: { kind: "revoked-retained", balance: "0" } }),
    undefined,
  ],
  [
    "and so does what an operator has given up",
    "ours",
    row({ state: "settled", outcome: { kind: "abandoned", reason: "no" } }),
    undefined,
  ],
])("%s", (_what, externalId, ledger, verdict) => {
  expect(judgeItem(externalId, ledger)).toBe(verdict);
});

test("only what is proved ours, was seen before, is old enough, and is not one of too many is removed", () => {
  const seen = { isSeenAgain: true, ageMs: LEAK_MIN_AGE_MS, share: 0.1 };
  expect(mayRemove("late", seen)).toBe(true);
  expect(mayRemove("duplicate", seen)).toBe(true);
  expect(mayRemove("unknown", seen)).toBe(false);
  expect(mayRemove("late", { ...seen, isSeenAgain: false })).toBe(false);
  expect(mayRemove("late", { ...seen, ageMs: LEAK_MIN_AGE_MS - 1 })).toBe(false);
  expect(mayRemove("late", { ...seen, share: 0.21 })).toBe(false);
});
