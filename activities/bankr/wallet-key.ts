import { PlatformError } from "../../domain/errors.ts";
import type { ResourceOutcome } from "../../domain/resource-state.ts";
import type { ResourceKind, ResourceOwner } from "../resources/resource-kind.ts";
import type { BankrPartnerClient, KeyPermissions } from "./partner-client.ts";

const SETTLE_MS = 10_000;

/** What the agent itself may do with its wallet. The wallet's own spending guards are the provider's. */
export const AGENT_PERMISSIONS: KeyPermissions = {
  walletApiEnabled: true,
  agentApiEnabled: true,
  llmGatewayEnabled: false,
  tokenLaunchApiEnabled: false,
  readOnly: false,
};

/**
 * The agent's key to its wallet. Every key of the wallet is taken for it, whatever its name, as the wallet is the
 * instance's alone; so one whose secret was lost is found and revoked. Its external id is `<wallet>/<key>`.
 */
export function walletKeyKind(
  client: BankrPartnerClient,
  permissions: KeyPermissions = AGENT_PERMISSIONS,
): ResourceKind {
  const idsOf = async (walletId: string) =>
    (await client.listActiveKeys(walletId)).map((keyId) => ({ externalId: `${walletId}/${keyId}` }));
  return {
    provider: "bankr",
    kind: "wallet-key",
    secret: "wallet-key",
    settleMs: SETTLE_MS,
    async find({ siblings }: ResourceOwner) {
      const walletId = siblings.get("wallet");
      return walletId === undefined ? [] : idsOf(walletId);
    },
    async create({ name, siblings }: ResourceOwner) {
      const walletId = siblings.get("wallet");
      if (walletId === undefined) throw new PlatformError("invalid", { detail: "the wallet comes first" });
      const { keyId, secret } = await client.mintKey(walletId, name, permissions);
      return { externalId: `${walletId}/${keyId}`, secret };
    },
    revoke: (externalId: string) => revoke(client, externalId),
    async remove(externalId: string): Promise<ResourceOutcome> {
      await revoke(client, externalId);
      return { kind: "absent" };
    },
    async list(namePrefix: string) {
      const wallets = await client.listWallets();
      const items = [];
      for (const { id, idempotencyKey: name } of wallets) {
        if (!name?.startsWith(namePrefix)) continue;
        for (const found of await idsOf(id)) items.push({ ...found, name });
      }
      return items;
    },
  };
}

/** Revokes every key to the wallet and reads back that none is left. */
export async function revokeAllKeys(client: BankrPartnerClient, walletId: string): Promise<void> {
  const active = await client.listActiveKeys(walletId);
  for (const keyId of active) await client.revokeKey(walletId, keyId);
  if (active.length > 0 && (await client.listActiveKeys(walletId)).length > 0)
    throw new PlatformError("transient", { detail: "a revoked key is still active" });
}

async function revoke(client: BankrPartnerClient, externalId: string): Promise<void> {
  const [walletId = "", keyId = ""] = externalId.split("/");
  await client.revokeKey(walletId, keyId);
  if ((await client.listActiveKeys(walletId)).includes(keyId))
    throw new PlatformError("transient", { detail: "a revoked key is still active" });
}
