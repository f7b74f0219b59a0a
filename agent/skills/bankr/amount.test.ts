import { expect, it } from "vitest";
import { formatAmount, parseAmount, parseBalance } from "./amount.ts";
import { seeded } from "./testing/seeded.ts";

it("reads exact decimal amounts and nothing else", () => {
  expect(parseAmount("5", 6)).toBe(5_000_000n);
  expect(parseAmount("0.000001", 6)).toBe(1n);
  expect(parseAmount("123456789012345.123456789012345678", 18)).toBe(123456789012345123456789012345678n);
  for (const wrong of [
    "",
    ".5",
    "5.",
    "1e3",
    "-1",
    "+1",
    "1,5",
    " 1",
    "0x10",
    "1.0000001",
    "1234567890123456",
    "NaN",
    "५",
  ])
    expect(parseAmount(wrong, 6), wrong).toBeUndefined();
});

it("reads a balance of any precision, leaving out what is finer", () => {
  expect(parseBalance("0.1234567899", 6)).toBe(123_456n);
  expect(parseBalance("12", 6)).toBe(12_000_000n);
  expect(parseBalance("1e-7", 6)).toBeUndefined();
});

it("writes what it read, whatever the amount", () => {
  const random = seeded(1);
  for (let n = 0; n < 2_000; n += 1) {
    const decimals = random(19);
    const amount = BigInt(random(2 ** 31)) * BigInt(random(2 ** 17));
    expect(parseAmount(formatAmount(amount, decimals), decimals)).toBe(amount);
  }
  expect(formatAmount(5_250_000n, 6)).toBe("5.25");
  expect(formatAmount(5_000_000n, 6, 2)).toBe("5.00");
  expect(formatAmount(500n, 0, 2)).toBe("500");
  expect(formatAmount(-1n, 2)).toBe("-0.01");
});
