import { randomBytes } from "node:crypto";
import { ToolError } from "../kit/tool-error.ts";
import { answerOf } from "./answer.ts";
import { PAYMENT_LIMITS, type TransferLimits } from "./limits.ts";
import { createLimitCheck } from "./limits-of-day.ts";
import { type Payment, type Terms, termsHashOf } from "./payment.ts";
import type { PaymentContext } from "./payment-context.ts";
import { PAYMENT_STATES } from "./payment-state.ts";
import { createTransfers } from "./transfers.ts";
import { droppedText, expiredText, FAILURES, overLimitText, quoteText } from "./words.ts";

/** A new message of the conversation, as the server knows it. */
export interface MemberMessage {
  id: string;
  senderInboxId: string;
  /** A member who is no agent; false for the agent itself and for every sender outside of the conversation. */
  isPerson: boolean;
  text: string;
  /** Which quote it is a reply or a reaction to. */
  replyToQuoteId?: string;
  /** The emoji, when it is a reaction that was added. */
  reaction?: string;
}

/** What a message did to a quote; `late` and `refused` are told to the people. */
export type Considered = "confirmed" | "dropped" | "late" | "refused" | "already";

export interface Payments {
  /**
   * Looks whether a message answers a quote, and acts on it; undefined when it does not. To be called for every new message,
   * as often as it is seen, but not within a transaction of the store.
   */
  consider(message: MemberMessage): Considered | undefined;
  /** To be called after a start, when texts can be queued; it acts the first time. */
  resume(): void;
  /** Resolves when nothing waits to be sent right now. */
  idle(): Promise<void>;
}

export interface PaymentsOptions extends PaymentContext {
  limits: TransferLimits;
  /** Queues the message that a person answers to, under `quoteEntryId(quoteId)`; within a transaction of the store. */
  post(quoteId: string, text: string): void;
}

export interface PaymentDesk extends Payments {
  /** Makes a quote and posts it, or finds the open one of the same terms. Throws ToolError when it is not allowed. */
  quote(terms: Terms, balance: bigint): { payment: Payment; isNew: boolean };
  /** The latest, the newest first. */
  history(): readonly Payment[];
  close(): Promise<void>;
}

const QUOTE_ID = "[0-9a-f]{16}";

/** The id of the outbox entry that is the message of a quote. */
export const quoteEntryId = (quoteId: string): string => `quote:${quoteId}`;
/** Which quote an outbox entry is the message of; undefined for every other entry. */
export const quoteIdOf = (entryId: string): string | undefined =>
  new RegExp(`^quote:(${QUOTE_ID})$`).exec(entryId)?.[1];

export function createPayments(options: PaymentsOptions): PaymentDesk {
  const { store, post, tell, log, nowMs, limits } = options;
  const transfers = createTransfers(options);
  const overLimit = createLimitCheck(store, limits);
  const isOver = (payment: Payment): boolean => nowMs() - payment.quotedAtMs > PAYMENT_LIMITS.quoteValidMs;

  const drop = (payment: Payment): Considered => {
    store.atomically(() => {
      if (store.move(payment, "dropped"))
        tell(`payment:${payment.quoteId}:dropped`, droppedText(payment.terms));
    });
    return "dropped";
  };

  const confirm = (payment: Payment, { id, senderInboxId }: MemberMessage): Considered =>
    store.atomically(() => {
      const { quoteId, terms } = payment;
      if (transfers.isUnclear(terms)) {
        tell(`payment:${quoteId}:wait`, overLimitText(terms, `Nothing yet: ${FAILURES.unclear}.`));
        return "refused";
      }
      const limit = overLimit(terms, nowMs());
      if (limit !== undefined) {
        if (store.move(payment, "dropped"))
          tell(`payment:${quoteId}:over-limit`, overLimitText(terms, limit));
        return "refused";
      }
      const confirmation = {
        inboxId: senderInboxId,
        messageId: id,
        termsHash: termsHashOf(quoteId, terms),
        atMs: nowMs(),
      };
      return store.move(payment, "confirmed", { confirmation }) ? "confirmed" : "already";
    });

  return {
    consider: (message) => {
      const { senderInboxId, isPerson, replyToQuoteId, text, reaction } = message;
      if (replyToQuoteId === undefined || !isPerson || !/^[0-9a-fA-F]+$/.test(senderInboxId))
        return undefined;
      const answer = answerOf(text, reaction);
      const payment = answer === undefined ? undefined : store.find(replyToQuoteId);
      if (payment === undefined) return undefined;
      if (payment.state !== "quoted") {
        if (payment.state === "expired" && answer === "yes") return "late";
        return "already";
      }
      if (isOver(payment)) {
        store.atomically(() => {
          if (store.move(payment, "expired"))
            tell(`payment:${payment.quoteId}:expired`, expiredText(payment.terms));
        });
        return "late";
      }
      if (answer === "no") return drop(payment);
      const considered = confirm(payment, message);
      if (considered === "confirmed") {
        log("payment-confirmed", { quote: payment.quoteId });
        transfers.start(payment.quoteId);
      }
      return considered;
    },

    quote: (terms, balance) => {
      if (transfers.isUnclear(terms))
        throw new ToolError(`Not now: ${FAILURES.unclear}. Tell the people so.`);
      const limit = overLimit(terms, nowMs());
      if (limit !== undefined) throw new ToolError(`${limit} Tell the people so.`);
      if (balance < BigInt(terms.amount))
        throw new ToolError(
          `The wallet does not hold enough ${terms.asset} on that chain. Look at its balance.`,
        );
      return store.atomically(() => {
        store.prune(nowMs() - PAYMENT_LIMITS.keepMs);
        const quoted = store.list(["quoted"], 0);
        for (const payment of quoted.filter(isOver)) store.move(payment, "expired");
        const open = quoted.filter((payment) => !isOver(payment));
        const same = open.find((payment) => isSame(payment.terms, terms));
        if (same !== undefined) return { payment: same, isNew: false };
        if (open.length >= PAYMENT_LIMITS.maxOpenQuotes)
          throw new ToolError(
            "Too many quotes wait for an answer. Ask the people to answer or drop them first.",
          );
        if (
          store.list(PAYMENT_STATES, nowMs() - PAYMENT_LIMITS.dayMs).length >= PAYMENT_LIMITS.maxQuotesPerDay
        )
          throw new ToolError("Too many quotes have been made today. Tell the people so.");
        const isRepeated = store
          .list(["unknown"], nowMs() - PAYMENT_LIMITS.warnMs)
          .some((payment) => isSame(payment.terms, terms));
        const payment: Payment = {
          quoteId: randomBytes(8).toString("hex"),
          state: "quoted",
          terms,
          quotedAtMs: nowMs(),
        };
        store.insert(payment);
        post(payment.quoteId, quoteText(terms, isRepeated));
        return { payment, isNew: true };
      });
    },

    history: () =>
      store.list(PAYMENT_STATES, nowMs() - PAYMENT_LIMITS.keepMs).slice(0, PAYMENT_LIMITS.historyMax),
    resume: () => transfers.resume(),
    idle: () => transfers.idle(),
    close: () => transfers.close(),
  };
}

/** Whatever they say that it is for. */
const isSame = (a: Terms, b: Terms): boolean =>
  a.to === b.to && a.amount === b.amount && a.asset === b.asset && a.chain === b.chain;
