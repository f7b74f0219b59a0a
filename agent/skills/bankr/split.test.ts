import { describe, expect, it } from "vitest";
import { type Part, SplitError, settle, splitBill } from "./split.ts";
import { seeded } from "./testing/seeded.ts";

const CASES = 5_000;
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((whole, one) => whole + one, 0n);

describe("the split of a bill", () => {
  it("adds up in equal shares, which differ by one minor unit at most", () => {
    const random = seeded(20_261);
    for (let n = 0; n < CASES; n += 1) {
      const total = BigInt(random(2 ** 31)) * BigInt(1 + random(1_000));
      const parts = Array.from({ length: 1 + random(50) }, () => ({ weight: 1n }));
      const shares = splitBill(total, parts);
      expect(sum(shares)).toBe(total);
      const ordered = [...shares].sort((a, b) => (a < b ? -1 : 1));
      expect((ordered.at(-1) ?? 0n) - (ordered[0] ?? 0n)).toBeLessThanOrEqual(1n);
    }
  });

  it("adds up by weight and with fixed amounts, and nobody is a minor unit away from their exact share", () => {
    const random = seeded(20_262);
    for (let n = 0; n < CASES; n += 1) {
      const fixed = Array.from({ length: random(5) }, () => BigInt(random(10_000)));
      const weights = Array.from({ length: 1 + random(20) }, (_, index) =>
        BigInt(index === 0 ? 1 : random(1_000)),
      );
      const rest = BigInt(random(2 ** 31));
      const parts: Part[] = [
        ...fixed.map((one) => ({ fixed: one })),
        ...weights.map((weight) => ({ weight })),
      ];
      const shares = splitBill(sum(fixed) + rest, parts);
      expect(sum(shares)).toBe(sum(fixed) + rest);
      expect(shares.slice(0, fixed.length)).toEqual(fixed);
      const all = sum(weights);
      for (const [index, weight] of weights.entries()) {
        const away = (shares[fixed.length + index] ?? 0n) * all - rest * weight;
        expect(away > -all && away < all).toBe(true);
        if (weight === 0n) expect(shares[fixed.length + index]).toBe(0n);
      }
    }
  });

  it("gives what is left to those who lost most", () => {
    const parts = [1n, 1n, 1n].map((weight) => ({ weight }));
    expect(splitBill(1_000n, parts)).toEqual([334n, 333n, 333n]);
    expect(splitBill(100n, [{ weight: 1n }, { weight: 5n }])).toEqual([17n, 83n]);
    expect(splitBill(10n, [{ fixed: 4n }, { fixed: 6n }])).toEqual([4n, 6n]);
  });

  it("refuses parts that cannot make up the total", () => {
    expect(() => splitBill(10n, [{ fixed: 11n }, { weight: 1n }])).toThrow(SplitError);
    expect(() => splitBill(10n, [{ fixed: 9n }])).toThrow(SplitError);
    expect(() => splitBill(10n, [{ weight: 0n }])).toThrow(SplitError);
  });
});

it("settles so that everybody has paid just their share, in fewer payments than there are people", () => {
  const random = seeded(20_263);
  for (let n = 0; n < CASES; n += 1) {
    const people = 1 + random(15);
    const paid = Array.from({ length: people }, () => (random(3) === 0 ? BigInt(random(100_000)) : 0n));
    const shares = splitBill(
      sum(paid),
      paid.map(() => ({ weight: BigInt(1 + random(5)) })),
    );
    const debts = settle(paid, shares);
    const after = [...paid];
    for (const { from, to, amount } of debts) {
      expect(amount > 0n && from !== to).toBe(true);
      after[from] = (after[from] ?? 0n) + amount;
      after[to] = (after[to] ?? 0n) - amount;
    }
    expect(after).toEqual(shares);
    expect(debts.length).toBeLessThan(people);
  }
});
