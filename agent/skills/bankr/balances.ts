import { type Static, Type } from "typebox";
import { parseBalance } from "./amount.ts";
import { ASSETS, type AssetSymbol, CHAIN_IDS, type ChainId } from "./assets.ts";

/** The part of a portfolio that is read. Source: Bankr document "Portfolio". */
export const Portfolio = Type.Object({
  balances: Type.Record(
    Type.String(),
    Type.Object({
      nativeBalance: Type.Optional(Type.String()),
      tokenBalances: Type.Optional(
        Type.Array(Type.Object({ address: Type.String(), token: Type.Object({ balance: Type.String() }) })),
      ),
    }),
  ),
});

export interface WalletBalances {
  /** Minor units; undefined when the answer does not list it, which may mean nothing or that it is not known now. */
  of(asset: AssetSymbol, chain: ChainId): bigint | undefined;
  /** Tokens that are not known here. */
  otherTokens: number;
}

export function readBalances({ balances }: Static<typeof Portfolio>): WalletBalances {
  const known = new Map<string, bigint>();
  let otherTokens = 0;
  for (const chain of CHAIN_IDS) {
    const { nativeBalance, tokenBalances = [] } = balances[chain] ?? {};
    const native = nativeBalance === undefined ? undefined : parseBalance(nativeBalance, ASSETS.ETH.decimals);
    if (native !== undefined) known.set(`ETH ${chain}`, native);
    for (const { address, token } of tokenBalances) {
      const isUsdc = address.toLowerCase() === ASSETS.USDC.contracts[chain].toLowerCase();
      const balance = isUsdc ? parseBalance(token.balance, ASSETS.USDC.decimals) : undefined;
      if (balance === undefined) otherTokens += 1;
      else known.set(`USDC ${chain}`, balance);
    }
  }
  return { of: (asset, chain) => known.get(`${asset} ${chain}`), otherTokens };
}
