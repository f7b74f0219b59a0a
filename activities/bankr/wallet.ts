import { PlatformError } from "../../domain/errors.ts";
import type { ResourceOutcome } from "../../domain/resource-state.ts";
import type { ResourceKind, ResourceOwner } from "../resources/resource-kind.ts";
import type { BankrPartnerClient, KeyPermissions, Wallet } from "./partner-client.ts";
import { revokeAllKeys } from "./wallet-key.ts";

/** What the receipt says where the provider does not tell. */
const UNKNOWN_BALANCE = "unknown";

/** Reads and nothing else. */
const READ_ONLY: KeyPermissions = {
  walletApiEnabled: true,
  agentApiEnabled: false,
  llmGatewayEnabled: false,
  tokenLaunchApiEnabled: false,
  readOnly: true,
};

/**
 * The instance's wallet, under its name as the idempotency key: asked for twice it is still one. Nobody can delete a
 * wallet; it is removed by revoking every key to it, and what it holds is told in the outcome.
 */
export function walletKind(client: BankrPartnerClient): ResourceKind {
  return {
    provider: "bankr",
    kind: "wallet",
    // Made again it is the same one, so nothing has to be waited for.
    settleMs: 0,
    async find({ name }: ResourceOwner) {
      const wallets = await client.listWallets();
      // A list that does not say whose a wallet is leaves one way to find it: the create, which answers with the one
      // that there is. Should there be none, an empty wallet without a key comes to be, which costs nothing.
      const isTold = wallets.every(({ idempotencyKey }) => idempotencyKey !== undefined);
      const named = isTold
        ? wallets.filter(({ idempotencyKey }) => idempotencyKey === name)
        : [await client.createWallet(name)];
      return named.map(({ id }) => ({ externalId: id }));
    },
    async create({ name }: ResourceOwner) {
      return { externalId: (await client.createWallet(name)).id };
    },
    revoke: (walletId: string) => revokeAllKeys(client, walletId),
    async remove(walletId: string, { name }: ResourceOwner): Promise<ResourceOutcome> {
      if (!(await client.findWallet(walletId))) return { kind: "absent" };
      await revokeAllKeys(client, walletId);
      const balance = await readBalance(client, walletId, name);
      await revokeAllKeys(client, walletId);
      return { kind: "revoked-retained", balance };
    },
    async list(namePrefix: string) {
      return (await client.listWallets()).flatMap((wallet) => {
        const name = wallet.idempotencyKey;
        return name?.startsWith(namePrefix) ? [{ externalId: wallet.id, name, ...createdAt(wallet) }] : [];
      });
    },
  };
}

/** By a key that can only read and lives for this one question, as the partner's key cannot ask it. */
async function readBalance(client: BankrPartnerClient, walletId: string, name: string): Promise<string> {
  try {
    const { secret } = await client.mintKey(walletId, `${name}-balance`, READ_ONLY);
    const usd = await client.balanceUsd(secret);
    return usd === undefined ? UNKNOWN_BALANCE : `${usd} USD`;
  } catch (error) {
    // Nothing repeated helps against these; anything else is tried again, with all keys revoked meanwhile.
    const isFinal = error instanceof PlatformError && ["denied", "invalid", "exhausted"].includes(error.code);
    if (isFinal) return UNKNOWN_BALANCE;
    throw error;
  }
}

function createdAt({ createdAt: text }: Wallet): { createdAt?: Date } {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? {} : { createdAt: new Date(ms) };
}
