import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { PlatformError } from "../../domain/errors.ts";
import { parseAnswer, requestJson } from "../resources/request-json.ts";
import { classifyStatus } from "./classify.ts";

/** The fields that this platform reads; the provider sends more and may add others. */
const Wallet = Type.Object({
  id: Type.String({ minLength: 1 }),
  evmAddress: Type.String(),
  /** Not documented for lists. */
  idempotencyKey: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  createdAt: Type.Optional(Type.String()),
});
export type Wallet = Static<typeof Wallet>;
const WalletList = Type.Object({ wallets: Type.Array(Wallet) });
const WalletKey = Type.Object({ keyId: Type.String({ minLength: 1 }), isActive: Type.Boolean() });
const KeyList = Type.Object({ apiKeys: Type.Array(WalletKey) });
const MintedKey = Type.Object({
  apiKey: Type.String({ minLength: 1 }),
  keyId: Type.Optional(Type.String({ minLength: 1 })),
});
const Portfolio = Type.Object({
  balances: Type.Record(
    Type.String(),
    Type.Object({ total: Type.String({ pattern: "^\\d{1,20}(\\.\\d+)?$" }) }),
  ),
});

/** What a wallet's key may do; the provider's default is to read only. */
export interface KeyPermissions {
  walletApiEnabled: boolean;
  agentApiEnabled: boolean;
  llmGatewayEnabled: boolean;
  tokenLaunchApiEnabled: boolean;
  readOnly: boolean;
}

export interface BankrPartnerOptions {
  baseUrl: string;
  /** `bk_ptr_<id>_<secret>` */
  partnerKey: string;
  fetch?: typeof globalThis.fetch;
  /** Awaited before each wallet is made, for the provider's narrower limit; its error is the create's. */
  beforeWalletCreate?: () => Promise<void>;
}

/**
 * Bankr's partner API: wallets and their keys. There is no call that moves money, and none that repeats a request.
 * Source: Bankr documents "Wallet Provisioning" and "API Keys"; key routes as integrations use them.
 */
export class BankrPartnerClient {
  readonly #baseUrl: string;
  readonly #partnerKey: string;
  readonly #fetch: typeof globalThis.fetch;
  readonly #beforeWalletCreate: () => Promise<void>;

  constructor(options: BankrPartnerOptions) {
    this.#baseUrl = options.baseUrl.replace(/\/$/, "");
    this.#partnerKey = options.partnerKey;
    this.#fetch = options.fetch ?? globalThis.fetch;
    this.#beforeWalletCreate = options.beforeWalletCreate ?? (async () => undefined);
  }

  /** Makes the wallet of this idempotency key, without any key of its own, or finds the one that was made before. */
  async createWallet(idempotencyKey: string): Promise<Wallet> {
    await this.#beforeWalletCreate();
    try {
      const body = { idempotencyKey, wallet: { solana: false } };
      return parseAnswer(Wallet, await this.#call("POST", "", body));
    } catch (error) {
      if (!(error instanceof PlatformError && error.code === "conflict")) throw error;
      // A repetition, where the provider answers it with 409.
      const found = (await this.listWallets()).find((wallet) => wallet.idempotencyKey === idempotencyKey);
      if (!found) throw error;
      return found;
    }
  }

  /** Every wallet of the organisation, also those without any key. */
  async listWallets(): Promise<Wallet[]> {
    return parseAnswer(WalletList, await this.#call("GET", "")).wallets;
  }

  /** The wallet, or undefined when the provider says that there is none. */
  async findWallet(walletId: string): Promise<Wallet | undefined> {
    const answer = await this.#call("GET", path(walletId), undefined, true);
    return answer === undefined ? undefined : parseAnswer(Wallet, answer);
  }

  /** Ids of the wallet's active keys; none when there is no such wallet. */
  async listActiveKeys(walletId: string): Promise<string[]> {
    const answer = await this.#call("GET", `${path(walletId)}/api-keys`, undefined, true);
    if (answer === undefined) return [];
    return parseAnswer(KeyList, answer)
      .apiKeys.filter(({ isActive }) => isActive)
      .map(({ keyId }) => keyId);
  }

  /** Makes a key. Its secret is in this answer only. The wallet must not get another key at the same time. */
  async mintKey(
    walletId: string,
    name: string,
    permissions: KeyPermissions,
  ): Promise<{ keyId: string; secret: string }> {
    const before = new Set(await this.listActiveKeys(walletId));
    const answer = await this.#call("POST", `${path(walletId)}/api-keys`, { name, permissions });
    const { apiKey: secret, keyId } = parseAnswer(MintedKey, answer);
    if (keyId !== undefined) return { keyId, secret };
    // The documented answer holds the secret alone: the new one among the keys is its.
    const [made, ...others] = (await this.listActiveKeys(walletId)).filter((id) => !before.has(id));
    if (made === undefined || others.length > 0)
      throw new PlatformError("ambiguous", { detail: "the new key cannot be told from others" });
    return { keyId: made, secret };
  }

  /** Ends the key. One that is gone already is a success. */
  async revokeKey(walletId: string, keyId: string): Promise<void> {
    await this.#call("DELETE", `${path(walletId)}/api-keys/${encodeURIComponent(keyId)}`, undefined, true);
  }

  /** What the wallet of this key holds on all chains, in US dollars; undefined when the answer does not say. */
  async balanceUsd(walletKey: string): Promise<string | undefined> {
    const answer = await requestJson(this.#fetch, classifyStatus, {
      method: "GET",
      // Without it everything below a dollar is left out.
      url: `${this.#baseUrl}/wallet/portfolio?showLowValueTokens=true`,
      credential: { "x-api-key": walletKey },
    });
    if (!Value.Check(Portfolio, answer)) return undefined;
    const totals = Object.values(answer.balances).map(({ total }) => Number(total));
    return totals.reduce((sum, total) => sum + total, 0).toFixed(2);
  }

  #call(
    method: "GET" | "POST" | "DELETE",
    walletPath: string,
    body?: unknown,
    absentIsUndefined = false,
  ): Promise<unknown> {
    return requestJson(this.#fetch, classifyStatus, {
      method,
      url: `${this.#baseUrl}/partner/wallets${walletPath}`,
      credential: { "x-partner-key": this.#partnerKey },
      ...(body === undefined ? {} : { body }),
      absentIsUndefined,
    });
  }
}

const path = (walletId: string): string => `/${encodeURIComponent(walletId)}`;
