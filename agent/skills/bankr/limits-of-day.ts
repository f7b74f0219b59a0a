import { formatAmount, parseAmount } from "./amount.ts";
import { ASSET_SYMBOLS, ASSETS, type AssetSymbol } from "./assets.ts";
import { PAYMENT_LIMITS, type TransferLimits } from "./limits.ts";
import type { PaymentStore, Terms } from "./payment.ts";
import { SPENDING_STATES } from "./payment-state.ts";

/** Why the limits do not allow a transfer, in a sentence for people and model; undefined when they do. */
export type LimitCheck = (terms: Terms, nowMs: number) => string | undefined;

/**
 * Checks a transfer against what was confirmed in the last 24 hours. Called in the transaction that confirms, so that two
 * confirmations cannot both take the rest of a day. Throws when a limit is not an amount.
 */
export function createLimitCheck(store: PaymentStore, limits: TransferLimits): LimitCheck {
  const minorUnits = (asset: AssetSymbol, text: string): bigint => {
    const amount = parseAmount(text, ASSETS[asset].decimals);
    if (amount === undefined) throw new TypeError(`a transfer limit of ${asset} is not an amount`);
    return amount;
  };
  const known = new Map(
    ASSET_SYMBOLS.map((asset) => [
      asset,
      {
        perTransfer: minorUnits(asset, limits[asset].perTransfer),
        perDay: minorUnits(asset, limits[asset].perDay),
      },
    ]),
  );
  return ({ asset, amount }, nowMs) => {
    const limit = known.get(asset);
    if (limit === undefined) throw new TypeError("an asset without limits");
    const { decimals } = ASSETS[asset];
    if (BigInt(amount) > limit.perTransfer)
      return `At most ${limits[asset].perTransfer} ${asset} can be sent in one transfer.`;
    const dayBeganMs = nowMs - PAYMENT_LIMITS.dayMs;
    // A quote may have been confirmed as late as at its end.
    const spent = store
      .list(SPENDING_STATES, dayBeganMs - PAYMENT_LIMITS.quoteValidMs)
      .filter(({ confirmation }) => confirmation !== undefined && confirmation.atMs > dayBeganMs);
    if (spent.length >= PAYMENT_LIMITS.maxTransfersPerDay)
      return `At most ${PAYMENT_LIMITS.maxTransfersPerDay} transfers can be made in 24 hours.`;
    const sum = spent
      .filter(({ terms }) => terms.asset === asset)
      .reduce((total, { terms }) => total + BigInt(terms.amount), 0n);
    if (sum + BigInt(amount) <= limit.perDay) return undefined;
    const rest = limit.perDay > sum ? limit.perDay - sum : 0n;
    return `At most ${limits[asset].perDay} ${asset} can be sent in 24 hours, and ${formatAmount(rest, decimals)} of it is left.`;
  };
}
