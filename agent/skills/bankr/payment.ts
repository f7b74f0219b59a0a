import { createHash } from "node:crypto";
import { type Static, Type } from "typebox";
import { formatAmount } from "./amount.ts";
import { ASSET_SYMBOLS, ASSETS, CHAIN_IDS, CHAINS } from "./assets.ts";
import { PAYMENT_STATES, type PaymentState } from "./payment-state.ts";

/** What is quoted and confirmed; it never changes. */
export const Terms = Type.Object({
  /** With its checksum. */
  to: Type.String(),
  /** Minor units. */
  amount: Type.String({ pattern: "^[1-9]\\d{0,39}$" }),
  asset: Type.Enum(ASSET_SYMBOLS),
  chain: Type.Enum(CHAIN_IDS),
  note: Type.Optional(Type.String()),
});
export type Terms = Static<typeof Terms>;

/** Minted by the server from the answer of a person to the quote, and by nothing else. */
export const Confirmation = Type.Object({
  inboxId: Type.String(),
  messageId: Type.String(),
  termsHash: Type.String(),
  atMs: Type.Integer(),
});
export type Confirmation = Static<typeof Confirmation>;

export const Payment = Type.Object({
  quoteId: Type.String(),
  state: Type.Enum(PAYMENT_STATES),
  terms: Terms,
  quotedAtMs: Type.Integer(),
  confirmation: Type.Optional(Confirmation),
  /** Minor units of the asset on the chain just before the request left. */
  balanceBefore: Type.Optional(Type.String({ pattern: "^\\d+$" })),
  unknownSinceMs: Type.Optional(Type.Integer()),
  txHash: Type.Optional(Type.String()),
});
export type Payment = Static<typeof Payment>;

/** What is learned of a payment on its way. */
export type PaymentFacts = Partial<
  Pick<Payment, "confirmation" | "balanceBefore" | "unknownSinceMs" | "txHash">
>;

/** The payments, durable. What people named is not readable on the disk. */
export interface PaymentStore {
  /** All of `work` is durable when this returns, or none of it happened. Not to be nested. */
  atomically<T>(work: () => T): T;
  insert(payment: Payment): void;
  find(quoteId: string): Payment | undefined;
  /** Those of these states quoted after `sinceMs`, the newest first. */
  list(states: readonly PaymentState[], sinceMs: number): readonly Payment[];
  /**
   * Undefined when it is no longer in the state that `payment` says. Throws for what the table of transitions does not allow.
   */
  move(payment: Payment, to: PaymentState, facts?: PaymentFacts): Payment | undefined;
  /** Removes what has ended and was quoted before. */
  prune(beforeMs: number): void;
}

/** Binds a confirmation to the quote and every part of its terms. */
export const termsHashOf = (quoteId: string, { to, amount, asset, chain, note }: Terms): string =>
  createHash("sha256")
    .update(JSON.stringify([quoteId, to, amount, asset, chain, note ?? null]))
    .digest("hex");

/** "5 USDC on Base to 0x…" */
export const describeTerms = ({ amount, asset, chain, to }: Terms): string =>
  `${formatAmount(BigInt(amount), ASSETS[asset].decimals)} ${asset} on ${CHAINS[chain].name} to ${to}`;
