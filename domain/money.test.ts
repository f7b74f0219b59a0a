import { expect, test } from "vitest";
import { allowanceFor, INITIAL_LIMIT, MONTHLY_ALLOWANCE, monthOf, toMicros, toUsd } from "./money.ts";

test("the first allowance makes the limit that of a month", () => {
  expect(INITIAL_LIMIT + allowanceFor(toMicros(0.5), undefined)).toBe(MONTHLY_ALLOWANCE);
});

test("a later one gives back what was used, and no more than a month's", () => {
  expect(toUsd(allowanceFor(toMicros(12.345678), toMicros(2.345678)))).toBe(10);
  expect(allowanceFor(toMicros(70), toMicros(20))).toBe(MONTHLY_ALLOWANCE);
  expect(allowanceFor(toMicros(5), toMicros(5))).toBe(0);
});

test("a provider that counts usage anew takes nothing away", () => {
  expect(allowanceFor(0, toMicros(7))).toBe(0);
});

test("a month begins at midnight UTC", () => {
  expect(monthOf(new Date("2026-11-30T23:59:59Z"))).toBe("2026-11");
  expect(monthOf(new Date("2026-12-01T00:00:00Z"))).toBe("2026-12");
});
