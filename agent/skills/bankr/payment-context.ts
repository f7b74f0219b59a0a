import type { PaymentStore } from "./payment.ts";
import type { WalletClient } from "./wallet-client.ts";

/** Names, ids and codes only. */
export type Log = (
  event: string,
  fields?: Readonly<Record<string, string | number | boolean | null>>,
) => void;

/** What carrying out payments needs of its surroundings. */
export interface PaymentContext {
  client: WalletClient;
  store: PaymentStore;
  /** Queues a text for the conversation under an id that is used once; called within a transaction of the store. */
  tell(entryId: string, text: string): void;
  log: Log;
  nowMs(): number;
  /** When the wallet is looked at after an unclear answer, in ascending order. */
  looksAfterMs: readonly number[];
}
