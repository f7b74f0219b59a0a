export const CHAINS = {
  base: { name: "Base", explorer: "https://basescan.org/address/" },
  mainnet: { name: "Ethereum", explorer: "https://etherscan.io/address/" },
} as const;
/** As Bankr names it. */
export type ChainId = keyof typeof CHAINS;
export const CHAIN_IDS = ["base", "mainnet"] as const satisfies readonly ChainId[];

export interface Asset {
  /** Minor units of one are 10 to the power of this. */
  decimals: number;
  /** Its contract on each chain; undefined for the chain's own coin. */
  contracts: Readonly<Record<ChainId, string>> | undefined;
}

/**
 * What can be sent. The contract is named to the provider, never a symbol, which anybody can give to a token of their own.
 * Source of the contracts: Circle, "USDC Contract Addresses".
 */
export const ASSETS = {
  USDC: {
    decimals: 6,
    contracts: {
      base: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
      mainnet: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
    },
  },
  ETH: { decimals: 18, contracts: undefined },
} as const satisfies Record<string, Asset>;
export type AssetSymbol = keyof typeof ASSETS;
export const ASSET_SYMBOLS = ["USDC", "ETH"] as const satisfies readonly AssetSymbol[];

/** Every contract that is known here, in lower case; money that is sent to one of them is lost. */
export const KNOWN_CONTRACTS: ReadonlySet<string> = new Set(
  ASSET_SYMBOLS.flatMap((symbol) => Object.values(ASSETS[symbol].contracts ?? {})).map((contract) =>
    contract.toLowerCase(),
  ),
);
