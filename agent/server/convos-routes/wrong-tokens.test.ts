import { expect, it } from "vitest";
import { createWrongTokenCount } from "./wrong-tokens.ts";

it("allows thirty wrong tokens a minute, then again in the next", () => {
  let nowMs = 1_000;
  const isOneTooMany = createWrongTokenCount(() => nowMs);
  const tries = (count: number): boolean[] => Array.from({ length: count }, () => isOneTooMany());
  expect(tries(30)).not.toContain(true);
  expect(tries(3)).toEqual([true, true, true]);
  nowMs += 59_999;
  expect(tries(1)).toEqual([true]);
  nowMs += 1;
  expect(tries(30)).not.toContain(true);
});
