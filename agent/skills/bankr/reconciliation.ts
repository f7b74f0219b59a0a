import { ASSETS } from "./assets.ts";
import { PAYMENT_LIMITS } from "./limits.ts";
import type { Payment, PaymentStore, Terms } from "./payment.ts";
import type { PaymentContext } from "./payment-context.ts";
import { WalletError } from "./wallet-error.ts";
import { sentText, stillUnknownText } from "./words.ts";

/** Finds out, by looking at the wallet, what became of transfers that nothing has been heard of. It sends nothing. */
export interface Reconciliation {
  /** From now on, or from where an earlier process left it. */
  follow(payment: Payment): void;
  /** Whether it is still being found out what became of a transfer of this kind. */
  isUnclear(terms: Pick<Terms, "asset" | "chain">): boolean;
  close(): void;
}

/** What the network may take for a transfer of the chain's own coin, in minor units. */
const MAX_FEE = 5_000_000_000_000_000n;

const isSameKind = (a: Pick<Terms, "asset" | "chain">, b: Terms): boolean =>
  a.asset === b.asset && a.chain === b.chain;

/** `enqueue` lets the looks and the transfers take turns. */
export function createReconciliation(
  { client, store, tell, log, nowMs, looksAfterMs }: PaymentContext,
  enqueue: (work: () => Promise<void>) => void,
): Reconciliation {
  const timers = new Set<NodeJS.Timeout>();
  const unclear = new Map<string, Terms>();
  let isClosed = false;

  const plan = (quoteId: string, index: number, afterMs: number): void => {
    if (isClosed) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      enqueue(() => look(quoteId, index));
    }, afterMs);
    timer.unref();
    timers.add(timer);
  };

  const look = async (quoteId: string, index: number): Promise<void> => {
    const payment = store.find(quoteId);
    if (payment?.state !== "unknown") return;
    if (await hasLeft(payment)) {
      unclear.delete(quoteId);
      store.atomically(() => {
        if (store.move(payment, "sent"))
          tell(`payment:${quoteId}:sent`, sentText(payment.terms, payment.txHash));
      });
      return log("payment-seen", { quote: quoteId });
    }
    const next = looksAfterMs[index + 1];
    if (next !== undefined) return plan(quoteId, index + 1, next - (looksAfterMs[index] ?? 0));
    const ownAddress = await ownAddressOf(quoteId);
    unclear.delete(quoteId);
    store.atomically(() =>
      tell(`payment:${quoteId}:still-unknown`, stillUnknownText(payment.terms, ownAddress)),
    );
    log("payment-not-seen", { quote: quoteId });
  };

  /** Only a fall of the balance by just this amount proves something: nothing else of its kind is sent meanwhile. */
  const hasLeft = async ({ quoteId, terms, balanceBefore }: Payment): Promise<boolean> => {
    if (balanceBefore === undefined) return false;
    try {
      const now = (await client.balances()).of(terms.asset, terms.chain);
      if (now === undefined) return false;
      const beyond = BigInt(balanceBefore) - now - BigInt(terms.amount);
      return ASSETS[terms.asset].contracts === undefined ? beyond >= 0n && beyond <= MAX_FEE : beyond === 0n;
    } catch (error) {
      log("payment-look-failed", { quote: quoteId, failure: failureOf(error) });
      return false;
    }
  };

  const ownAddressOf = async (quoteId: string): Promise<string | undefined> => {
    try {
      return await client.address();
    } catch (error) {
      log("payment-look-failed", { quote: quoteId, failure: failureOf(error) });
      return undefined;
    }
  };

  return {
    follow: (payment) => {
      if (hasSuccessor(store, payment)) return;
      const { quoteId, terms, unknownSinceMs = 0 } = payment;
      const ageMs = nowMs() - unknownSinceMs;
      const next = looksAfterMs.findIndex((afterMs) => afterMs > ageMs);
      const index = next === -1 ? looksAfterMs.length - 1 : next;
      unclear.set(quoteId, terms);
      plan(quoteId, index, Math.max((looksAfterMs[index] ?? 0) - ageMs, 0));
    },
    isUnclear: (terms) => [...unclear.values()].some((other) => isSameKind(terms, other)),
    close: () => {
      isClosed = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

/** Whether another of its kind may have changed the balance since, so that looking at it proves nothing any more. */
const hasSuccessor = (store: PaymentStore, { quoteId, terms, unknownSinceMs = 0 }: Payment): boolean =>
  store
    .list(["sending", "sent", "unknown"], unknownSinceMs - PAYMENT_LIMITS.quoteValidMs)
    .some(
      (other) =>
        other.quoteId !== quoteId &&
        isSameKind(terms, other.terms) &&
        (other.confirmation?.atMs ?? 0) > unknownSinceMs,
    );

const failureOf = (error: unknown): string => (error instanceof WalletError ? error.failure : "fault");
