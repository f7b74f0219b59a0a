import { expect, it } from "vitest";
import { billText } from "./bill.ts";

const people = (...names: string[]) => names.map((name) => ({ name }));

it("says the shares, and who pays whom where it is known who has paid", () => {
  expect(billText({ total: "10", unit: "EUR", people: people("Ada", "Bob", "Cleo") })).toBe(
    "10.00 EUR among 3:\nAda: 3.34 EUR\nBob: 3.33 EUR\nCleo: 3.33 EUR",
  );
  const [ada, bob, cleo] = [{ name: "Ada", paid: "90" }, { name: "Bob", paid: "10.00" }, { name: "Cleo" }];
  expect(billText({ total: "100", unit: "USD", people: [ada, bob, cleo] })).toBe(
    "100.00 USD among 3:\nAda: 33.34 USD\nBob: 33.33 USD\nCleo: 33.33 USD\n" +
      "To settle it:\nCleo pays Ada 33.33 USD\nBob pays Ada 23.33 USD",
  );
  expect(billText({ total: "5", unit: "USD", people: [{ name: "Ada", paid: "5" }] })).toContain(
    "Nobody owes",
  );
});

it("knows weights, fixed amounts and the smallest unit of each currency", () => {
  const weighted = [{ name: "Ada", weight: 2 }, { name: "Bob" }, { name: "Cleo", fixed: "10.5" }];
  expect(billText({ total: "40.5", unit: "GBP", people: weighted })).toBe(
    "40.50 GBP among 3:\nAda: 20.00 GBP\nBob: 10.00 GBP\nCleo: 10.50 GBP",
  );
  expect(billText({ total: "1000", unit: "JPY", people: people("A", "B", "C") })).toContain("A: 334 JPY");
  expect(billText({ total: "1", unit: "KWD", people: people("A", "B", "C") })).toContain("A: 0.334 KWD");
  expect(billText({ total: "10", unit: "USDC", people: people("A", "B", "C") })).toContain(
    "A: 3.333334 USDC",
  );
});

it.each([
  [{ total: "10.001", unit: "EUR", people: people("A") }, "at most 2 places"],
  [{ total: "10,00", unit: "EUR", people: people("A") }, "Write digits and a point"],
  [{ total: "10", unit: "ABQ", people: people("A") }, "ABQ is no currency"],
  [{ total: "10", unit: "EUR", people: [{ name: "A", fixed: "11" }] }, "more than the total"],
  [{ total: "10", unit: "EUR", people: [{ name: "A", fixed: "9" }] }, "less than the total"],
  [
    { total: "10", unit: "EUR", people: [{ name: "A", fixed: "9", weight: 1 }] },
    "both a weight and a fixed amount",
  ],
  [
    { total: "10", unit: "EUR", people: [{ name: "A", paid: "9" }] },
    "9.00 EUR together, but the total is 10.00",
  ],
])("refuses %j", (bill, sentence) => {
  expect(() => billText(bill)).toThrow(sentence);
});
