/** What somebody owes of a bill: a fixed amount, or a share by weight of what the fixed ones leave. Minor units. */
export type Part = { fixed: bigint } | { weight: bigint };

/** The parts do not make up the bill. The message is a sentence for the model. */
export class SplitError extends Error {
  override readonly name = "SplitError";
}

/**
 * Divides `total` so that the shares add up to it exactly. Each gets its share rounded down, and the minor units that are
 * left go to those who lost most by it (largest remainder), the first of equals first. Throws SplitError.
 */
export function splitBill(total: bigint, parts: readonly Part[]): readonly bigint[] {
  const fixed = parts.reduce((sum, part) => sum + ("fixed" in part ? part.fixed : 0n), 0n);
  const weights = parts.reduce((sum, part) => sum + ("weight" in part ? part.weight : 0n), 0n);
  const rest = total - fixed;
  if (rest < 0n) throw new SplitError("The fixed amounts are more than the total.");
  if (weights === 0n && rest > 0n)
    throw new SplitError("The fixed amounts are less than the total, and nobody is left to pay the rest.");
  const shares = parts.map((part) => {
    if ("fixed" in part) return { share: part.fixed, lost: -1n };
    const exact = rest * part.weight;
    return { share: exact / weights, lost: exact % weights };
  });
  const left = Number(total - shares.reduce((sum, { share }) => sum + share, 0n));
  const lucky = new Set(
    shares
      .map(({ lost }, index) => ({ lost, index }))
      // Stable, so that equals stay in their order.
      .sort((a, b) => (a.lost === b.lost ? 0 : a.lost > b.lost ? -1 : 1))
      .slice(0, left)
      .map(({ index }) => index),
  );
  return shares.map(({ share }, index) => (lucky.has(index) ? share + 1n : share));
}

export interface Debt {
  /** Positions in the list of people. */
  from: number;
  to: number;
  amount: bigint;
}

/**
 * Who pays whom so that everybody has paid their share: at most one payment fewer than there are people. `paid` and
 * `shares` have the same sum.
 */
export function settle(paid: readonly bigint[], shares: readonly bigint[]): readonly Debt[] {
  const balances = shares.map((share, index) => ({ index, owes: share - (paid[index] ?? 0n) }));
  const byAmount = (a: { open: bigint }, b: { open: bigint }): number => (a.open > b.open ? -1 : 1);
  const debtors = balances
    .filter(({ owes }) => owes > 0n)
    .map(({ index, owes }) => ({ index, open: owes }))
    .sort(byAmount);
  const creditors = balances
    .filter(({ owes }) => owes < 0n)
    .map(({ index, owes }) => ({ index, open: -owes }))
    .sort(byAmount);
  const debts: Debt[] = [];
  for (const debtor of debtors) {
    for (const creditor of creditors) {
      // biome-ignore lint/complexity/useMathMinMax: Math.min takes no bigint.
      const amount = debtor.open < creditor.open ? debtor.open : creditor.open;
      if (amount === 0n) continue;
      debts.push({ from: debtor.index, to: creditor.index, amount });
      debtor.open -= amount;
      creditor.open -= amount;
    }
  }
  return debts;
}
