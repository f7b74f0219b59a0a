import { describe, expect, it } from "vitest";
import { solve } from "./arithmetic.ts";

describe("small arithmetic", () => {
  it.each([
    ["2+2", 4],
    ["what is 12*7?", 84],
    ["What's 12 times 7", 84],
    ["how much is 1,000 divided by 8?", 125],
    ["calculate (2 + 3) * -4", -20],
    ["what is 2 ^ 3 ^ 2", 512],
    ["7 - 2 - 1 =", 4],
    ["0.1 + 0.2", 0.3],
    ["ok, what is 10 ÷ 4?", 2.5],
  ])("%s", (message, value) => {
    expect(solve(message)).toBe(value);
  });

  it.each([
    "what is love?",
    "2026",
    "what is 5?",
    "1 / 0",
    "2 +",
    "(1 + 2",
    "what is 2 apples + 3",
    "9".repeat(300),
  ])("leaves %j alone", (message) => {
    expect(solve(message)).toBeUndefined();
  });
});
