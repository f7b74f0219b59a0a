import { expect, it } from "vitest";
import { masked } from "./masked.ts";

it.each([
  ["we meet on Friday, August 14 at 19:30", "we meet on Tuesday, November 3 at 19:30"],
  ["7 seats left", "2 seats left"],
  ["The code is B748DR.", "The code is KKKKK2."],
  ["[costs.xlsx, 3 kB]", "[costs.xlsx, 12 kB]"],
  [`Transaction 0x${"a1".repeat(32)}`, `Transaction 0x${"0f".repeat(32)}`],
  ["15 answers have cost $1.37, the last one $0.0219", "9 answers have cost $0.0400, the last one $0.01"],
])("%s is as good as another", (one, two) => {
  expect(masked(one)).toBe(masked(two));
  expect(masked(one)).not.toBe(one);
});

it.each([
  ["we meet at 19:30", "we meet at 20:30"],
  ["[costs.xlsx, 3 kB]", "[costs.csv, 3 kB]"],
  ["The code is B748DR.", "The code is "],
  ["The code is B748DR.", "The code is B748D."],
  ["Sent 20 USDC", "Sent 2 USDC"],
  [`to 0x${"a1".repeat(20)}`, `to 0x${"a2".repeat(20)}`],
  ["Sold out", "2 seats left"],
])("%s is not %s", (one, two) => {
  expect(masked(one)).not.toBe(masked(two));
});
