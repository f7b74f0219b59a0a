import type { Account } from "./account.ts";
import { settleJobs } from "./jobs.ts";
import { formatAmount } from "./money.ts";
import type { Key, Transaction } from "./records.ts";
import type { Settings } from "./settings.ts";

/** What exists at the double: never a secret and never a prompt. Amounts are decimal strings by `chain:TOKEN`. */
export interface BankrState {
  wallets: {
    id: string;
    evmAddress: string;
    name: string | null;
    createdAt: string;
    balances: Record<string, string>;
  }[];
  keys: Omit<Key, "hash">[];
  /** Everything that was ever broadcast, the oldest first. */
  transactions: Transaction[];
  jobs: { jobId: string; walletId: string; status: string }[];
  settings: Settings;
}

export function inventory(account: Account): BankrState {
  settleJobs(account);
  return {
    wallets: account.wallets().map(({ id, evmAddress, idempotencyKey, createdAt, balances }) => ({
      ...{ id, evmAddress, name: idempotencyKey, createdAt },
      balances: Object.fromEntries(
        Object.entries(balances).map(([holding, micros]) => [holding, formatAmount(micros)]),
      ),
    })),
    keys: account.keys().map(({ hash, ...shown }) => shown),
    transactions: account.transactions.values(),
    jobs: account.jobs.values().map(({ jobId, walletId, end }) => ({
      ...{ jobId, walletId, status: end?.status ?? "running" },
    })),
    settings: account.settings,
  };
}
