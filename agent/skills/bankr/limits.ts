import type { AssetSymbol } from "./assets.ts";

/** The most that leaves the wallet, as decimal amounts of the asset, on all chains together. */
export interface AssetLimit {
  perTransfer: string;
  /** In any 24 hours; what was confirmed counts, unless it is certain that it has not left. */
  perDay: string;
}
export type TransferLimits = Readonly<Record<AssetSymbol, AssetLimit>>;

/** ETH has no fixed price, so its limits are amounts of it: small ones, of the same order as those in dollars. */
export const DEFAULT_TRANSFER_LIMITS: TransferLimits = {
  USDC: { perTransfer: "50", perDay: "200" },
  ETH: { perTransfer: "0.02", perDay: "0.08" },
};

export const PAYMENT_LIMITS = {
  quoteValidMs: 15 * 60_000,
  /** Quotes that wait for an answer at the same time. */
  maxOpenQuotes: 5,
  maxQuotesPerDay: 50,
  maxTransfersPerDay: 20,
  dayMs: 24 * 3_600_000,
  /** How long after an unclear answer the wallet is looked at; nothing else of the same kind is sent meanwhile. */
  looksAfterMs: [20_000, 60_000, 180_000, 600_000],
  /** A later quote of the same terms warns of one with an unknown outcome for so long. */
  warnMs: 7 * 24 * 3_600_000,
  /** What has ended is kept for so long. */
  keepMs: 90 * 24 * 3_600_000,
  noteMaxChars: 60,
  historyMax: 10,
} as const;

export const HTTP_LIMITS = {
  readTimeoutMs: 15_000,
  /** A transfer is answered when it is on the chain; the longer the patience, the fewer answers are lost. */
  transferTimeoutMs: 60_000,
  maxAnswerBytes: 1_024 * 1_024,
} as const;

export const SPLIT_LIMITS = { maxPeople: 50, nameMaxChars: 60, maxWeight: 10_000 } as const;
