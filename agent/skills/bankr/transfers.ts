import { PAYMENT_LIMITS } from "./limits.ts";
import { type Payment, type Terms, termsHashOf } from "./payment.ts";
import type { PaymentContext } from "./payment-context.ts";
import { createReconciliation } from "./reconciliation.ts";
import { WalletError } from "./wallet-error.ts";
import { type Failure, failedText, sentText, unknownText } from "./words.ts";

/** Carries out what has been confirmed: one transfer after another, each at most once. */
export interface Transfers {
  start(quoteId: string): void;
  /** Takes up, once, what an earlier process left: what may have left is `unknown`, what has not is sent while it is fresh. */
  resume(): void;
  /** Whether it is still being found out what became of a transfer of this kind. */
  isUnclear(terms: Pick<Terms, "asset" | "chain">): boolean;
  /** Resolves when nothing waits to be sent or looked at right now. */
  idle(): Promise<void>;
  /** Begins nothing more and resolves when the request in flight has ended. */
  close(): Promise<void>;
}

export function createTransfers(context: PaymentContext): Transfers {
  const { client, store, tell, log, nowMs } = context;
  let isClosed = false;
  let isResumed = false;
  let last: Promise<void> = Promise.resolve();

  const enqueue = (work: () => Promise<void>): void => {
    last = last
      .then(() => (isClosed ? undefined : work()))
      .catch((error: unknown) =>
        log("payment-fault", { error: error instanceof Error ? error.name : typeof error }),
      );
  };
  const reconciliation = createReconciliation(context, enqueue);

  const fail = (payment: Payment, failure: Failure): void => {
    const { quoteId, terms } = payment;
    store.atomically(() => {
      if (store.move(payment, "failed")) tell(`payment:${quoteId}:failed`, failedText(terms, failure));
    });
    log("payment-failed", { quote: quoteId, failure });
  };

  const becomeUnknown = (payment: Payment, txHash?: string): void => {
    const { quoteId, terms } = payment;
    const facts = { unknownSinceMs: nowMs(), ...(txHash === undefined ? {} : { txHash }) };
    const unknown = store.atomically(() => {
      const moved = store.move(payment, "unknown", facts);
      if (moved) tell(`payment:${quoteId}:unknown`, unknownText(terms, txHash));
      return moved;
    });
    log("payment-unknown", { quote: quoteId });
    if (unknown) reconciliation.follow(unknown);
  };

  const send = async (quoteId: string): Promise<void> => {
    const payment = store.find(quoteId);
    if (payment?.state !== "confirmed") return;
    const { terms, confirmation } = payment;
    if (confirmation?.termsHash !== termsHashOf(quoteId, terms)) return fail(payment, "changed");
    if (nowMs() - confirmation.atMs > PAYMENT_LIMITS.quoteValidMs) return fail(payment, "too-late");
    if (reconciliation.isUnclear(terms)) return fail(payment, "unclear");
    let before: bigint;
    try {
      before = (await client.balances()).of(terms.asset, terms.chain) ?? 0n;
    } catch (error) {
      return fail(payment, error instanceof WalletError ? error.failure : "unreachable");
    }
    if (before < BigInt(terms.amount)) return fail(payment, "insufficient");
    // It stays confirmed, for the next process.
    if (isClosed) return;
    // Durable before the request leaves: whoever finds it so knows that it may have.
    const sending = store.move(payment, "sending", { balanceBefore: before.toString() });
    if (sending === undefined) return;
    const outcome = await client.transfer(terms);
    if (outcome.kind === "refused") return fail(sending, outcome.failure);
    if (outcome.kind === "unknown") return becomeUnknown(sending, outcome.txHash);
    store.atomically(() => {
      if (store.move(sending, "sent", { txHash: outcome.txHash }))
        tell(`payment:${quoteId}:sent`, sentText(terms, outcome.txHash));
    });
    log("payment-sent", { quote: quoteId });
  };

  const resume = (): void => {
    if (isResumed) return;
    isResumed = true;
    const sinceMs = nowMs() - PAYMENT_LIMITS.keepMs;
    for (const payment of store.list(["unknown"], nowMs() - PAYMENT_LIMITS.dayMs))
      reconciliation.follow(payment);
    for (const payment of store.list(["sending"], sinceMs)) becomeUnknown(payment);
    for (const { quoteId } of store.list(["confirmed"], sinceMs)) enqueue(() => send(quoteId));
  };

  return {
    start: (quoteId) => {
      resume();
      enqueue(() => send(quoteId));
    },
    resume,
    isUnclear: (terms) => reconciliation.isUnclear(terms),
    idle: async () => {
      for (let seen: Promise<void> | undefined; seen !== last; ) {
        seen = last;
        await seen;
      }
    },
    close: async () => {
      isClosed = true;
      reconciliation.close();
      await last;
    },
  };
}
