import type { Skill, SkillState } from "../kit/skill.ts";
import { DEFAULT_TRANSFER_LIMITS, HTTP_LIMITS, PAYMENT_LIMITS, type TransferLimits } from "./limits.ts";
import type { PaymentStore } from "./payment.ts";
import { createPayments, type Payments, type PaymentsOptions } from "./payments.ts";
import { createBankrTools } from "./tools.ts";
import { createWalletClient, type WalletAccess } from "./wallet-client.ts";
import { WalletError } from "./wallet-error.ts";
import { FAILURES } from "./words.ts";

export type { TransferLimits } from "./limits.ts";
export { type Payments, quoteEntryId, quoteIdOf } from "./payments.ts";
export type { WalletAccess } from "./wallet-client.ts";

export interface BankrOptions extends Pick<PaymentsOptions, "post" | "tell" | "log"> {
  /** Undefined where the agent has no wallet. */
  wallet(): Promise<WalletAccess | undefined>;
  store: PaymentStore;
  limits?: Partial<TransferLimits>;
  nowMs?(): number;
  /** When an unclear transfer is looked after, in ascending order. */
  looksAfterMs?: readonly number[];
  /** How long the answer to a transfer is waited for. */
  transferTimeoutMs?: number;
}

export interface BankrSkill extends Skill {
  payments: Payments;
  close(): Promise<void>;
}

/**
 * The agent's wallet at Bankr. Its tools read and make quotes; money leaves only after `payments.consider` has seen a person
 * answer the message of a quote. `post` and `tell` queue texts for the conversation within a transaction of the store: they
 * must not begin one of their own, and an entry id that is known is not queued again.
 */
export function createBankrSkill(options: BankrOptions): BankrSkill {
  const { wallet, limits, nowMs = Date.now, looksAfterMs = PAYMENT_LIMITS.looksAfterMs } = options;
  const client = createWalletClient(wallet, {
    ...HTTP_LIMITS,
    ...(options.transferTimeoutMs === undefined ? {} : { transferTimeoutMs: options.transferTimeoutMs }),
  });
  const desk = createPayments({
    ...options,
    ...{ client, nowMs, looksAfterMs },
    limits: { ...DEFAULT_TRANSFER_LIMITS, ...limits },
  });
  return {
    name: "bankr",
    tools: createBankrTools(client, desk, options.tell),
    payments: desk,
    setup: async (signal): Promise<SkillState> => {
      try {
        return { state: "ready", detail: `The wallet ${await client.address(signal)} answers.` };
      } catch (error) {
        signal.throwIfAborted();
        const failure = error instanceof WalletError ? error.failure : "unreachable";
        if (failure === "no-wallet")
          return {
            state: "off",
            detail:
              "There is no wallet: the platform needs a Bankr partner key, or a Bankr key for this instance.",
          };
        return { state: "failing", detail: `The wallet does not answer: ${FAILURES[failure]}.` };
      }
    },
    close: () => desk.close(),
  };
}
