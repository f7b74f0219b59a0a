/** Amounts are whole millionths of a token, so that sums are exact. */
export type Micros = number;

const SCALE = 1_000_000;
const DECIMAL = /^\d{1,9}(\.\d{1,6})?$/;

export const CHAINS = ["base", "mainnet"] as const;
export type Chain = (typeof CHAINS)[number];

export interface Token {
  symbol: "ETH" | "USDC";
  /** Its contract on each chain; null for the chain's native token. */
  contracts: Readonly<Record<Chain, string>> | null;
  usd: number;
}

const ZERO_ADDRESS = `0x${"0".repeat(40)}`;
const USDC_CONTRACTS = {
  base: "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913",
  mainnet: "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48",
};
const TOKENS: readonly Token[] = [
  { symbol: "ETH", contracts: null, usd: 2_500 },
  { symbol: "USDC", contracts: USDC_CONTRACTS, usd: 1 },
];
export const CHAIN_IDS: Readonly<Record<number, Chain>> = { 8453: "base", 1: "mainnet" };

export const isChain = (text: string): text is Chain => CHAINS.some((chain) => chain === text);

/** A token by its symbol, its contract on that chain, or `native` and the zero address for the chain's own. */
export function findToken(text: string, chain: Chain): Token | undefined {
  const wanted = text.toLowerCase();
  if (wanted === "native" || wanted === ZERO_ADDRESS) return TOKENS[0];
  return TOKENS.find(
    ({ symbol, contracts }) => symbol.toLowerCase() === wanted || contracts?.[chain] === wanted,
  );
}

/** Undefined for anything but a positive decimal number with at most six places. */
export function parseAmount(text: string): Micros | undefined {
  const micros = DECIMAL.test(text) ? Math.round(Number(text) * SCALE) : 0;
  return micros > 0 ? micros : undefined;
}

/** Exact, never in scientific notation. */
export function formatAmount(micros: Micros): string {
  const whole = Math.trunc(micros / SCALE);
  const places = String(micros % SCALE)
    .padStart(6, "0")
    .replace(/0+$/, "");
  return places === "" ? String(whole) : `${whole}.${places}`;
}

export const usdOf = (token: Token, micros: Micros): Micros => Math.round(micros * token.usd);
export const toMicros = (usd: number): Micros => Math.round(usd * SCALE);

export interface Holding {
  chain: Chain;
  token: Token;
}
/** Every token on every chain, in a fixed order. */
export const HOLDINGS: readonly Holding[] = CHAINS.flatMap((chain) =>
  TOKENS.map((token) => ({ chain, token })),
);
export const holdingKey = ({ chain, token }: Holding): string => `${chain}:${token.symbol}`;
