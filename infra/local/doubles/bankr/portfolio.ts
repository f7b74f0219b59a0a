import { type JsonReply, json } from "../base/reply.ts";
import { badRequest } from "./errors.ts";
import { CHAINS, formatAmount, HOLDINGS, holdingKey, toMicros, usdOf } from "./money.ts";
import type { Wallet } from "./records.ts";

const LOW_VALUE_USD = 1;

/** Balances by chain, as exact decimal strings. Tokens worth less than a dollar are hidden unless asked for. */
export function portfolio(wallet: Wallet, query: URLSearchParams): JsonReply {
  const wanted = query.get("chains")?.split(",") ?? CHAINS;
  const isLowValueShown = query.get("showLowValueTokens") === "true";
  const balances: Record<string, unknown> = {};
  for (const chain of CHAINS) {
    if (!wanted.includes(chain)) continue;
    const held = HOLDINGS.filter((holding) => holding.chain === chain).map((holding) => {
      const micros = wallet.balances[holdingKey(holding)] ?? 0;
      return { ...holding, micros, usd: usdOf(holding.token, micros) };
    });
    const native = held.find(({ token }) => token.contracts === null);
    const shown = held.filter(
      ({ token, micros, usd }) =>
        token.contracts !== null && micros > 0 && (isLowValueShown || usd >= toMicros(LOW_VALUE_USD)),
    );
    const total = (native?.usd ?? 0) + shown.reduce((sum, { usd }) => sum + usd, 0);
    balances[chain] = {
      nativeBalance: formatAmount(native?.micros ?? 0),
      nativeUsd: formatAmount(native?.usd ?? 0),
      tokenBalances: shown.map(({ token, micros, usd }) => ({
        network: chain,
        address: token.contracts?.[chain],
        token: {
          balance: formatAmount(micros),
          balanceUSD: formatAmount(usd),
          baseToken: { symbol: token.symbol, address: token.contracts?.[chain] },
        },
      })),
      total: formatAmount(total),
    };
  }
  if (Object.keys(balances).length === 0) return badRequest("chains: none is known");
  return json(200, { success: true, evmAddress: wallet.evmAddress, balances });
}
