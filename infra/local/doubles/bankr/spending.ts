import type { Account } from "./account.ts";
import { formatAmount, type Holding, holdingKey, type Micros, toMicros, usdOf } from "./money.ts";
import type { Transaction, Wallet } from "./records.ts";

const DAY_MS = 24 * 3_600_000;

export interface Spend {
  kind: Transaction["kind"];
  from: Holding;
  amount: Micros;
  to: string;
  /** What comes back to the wallet, for a swap. */
  received?: { holding: Holding; amount: Micros };
  /** A reverted one is on the chain and moves nothing. */
  status?: Transaction["status"];
}

export interface Refused {
  /** The wallet's guard that refused, absent when there is not enough of the token. */
  errorCode?: "PER_TX_LIMIT_EXCEEDED" | "DAILY_LIMIT_EXCEEDED";
  error: string;
}

/** Checks the wallet's guards and balance, broadcasts, and moves the money. The one place where money moves. */
export function spend(account: Account, walletId: string, what: Spend): Transaction | Refused {
  const wallet = account.wallet(walletId);
  if (!wallet) throw new Error("a key of no wallet");
  const { from, amount, to, kind, received, status = "success" } = what;
  const usdMicros = usdOf(from.token, amount);
  const refused = guard(account, wallet, usdMicros);
  if (refused) return refused;
  const key = holdingKey(from);
  const balance = wallet.balances[key] ?? 0;
  if (balance < amount) return { error: `Insufficient balance of ${from.token.symbol}` };
  if (status !== "reverted") {
    const balances = { ...wallet.balances, [key]: balance - amount };
    if (received) {
      const into = holdingKey(received.holding);
      balances[into] = (balances[into] ?? 0) + received.amount;
    }
    account.saveWallet({ ...wallet, balances });
  }
  const { chain, token } = from;
  return account.broadcast({
    ...{ walletId: wallet.id, kind, chain, token: token.symbol, amount: formatAmount(amount), to },
    ...{ usdMicros, status },
  });
}

export const isRefused = (result: Transaction | Refused): result is Refused => "error" in result;

/** Puts money into a wallet, as somebody outside would. */
export function fund(account: Account, wallet: Wallet, holding: Holding, amount: Micros): void {
  const key = holdingKey(holding);
  account.saveWallet({
    ...wallet,
    balances: { ...wallet.balances, [key]: (wallet.balances[key] ?? 0) + amount },
  });
}

function guard(account: Account, wallet: Wallet, usdMicros: Micros): Refused | undefined {
  const { perTransactionUsd, dailyUsd } = account.settings;
  if (usdMicros > toMicros(perTransactionUsd)) {
    return {
      errorCode: "PER_TX_LIMIT_EXCEEDED",
      error: `Above the limit of $${perTransactionUsd} a transaction`,
    };
  }
  const spentToday = account.transactions
    .values()
    .filter(({ walletId, status, at }) => {
      return walletId === wallet.id && status !== "reverted" && account.nowMs - Date.parse(at) < DAY_MS;
    })
    .reduce((sum, transaction) => sum + transaction.usdMicros, 0);
  if (spentToday + usdMicros <= toMicros(dailyUsd)) return undefined;
  return { errorCode: "DAILY_LIMIT_EXCEEDED", error: `Above the limit of $${dailyUsd} in 24 hours` };
}
