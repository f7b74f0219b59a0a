import { PlatformError } from "../../domain/errors.ts";
import type { InstanceId } from "../../domain/ids.ts";
import type { ResourceOutcome } from "../../domain/resource-state.ts";
import { intend, type LedgerEntry, recordActive, recordAmbiguous } from "../registry/ledger.ts";
import type { Registry } from "../registry/registry.ts";
import { readSecret, storeSecret } from "../registry/secrets.ts";
import type { Key, OpenRouterClient } from "./client.ts";

/** What an agent may spend in all: the limit of its key, absolute, never reset by the provider. */
export const KEY_LIMIT_USD = 20;

/**
 * Ends with exactly one key of the instance's name, whose secret is in the vault. The provider shows a secret
 * once and does not make names unique; so whatever stands under the name without its secret is deleted first.
 */
export async function ensureModelKey(
  registry: Registry,
  client: OpenRouterClient,
  id: InstanceId,
): Promise<void> {
  const entry = await intend(registry, id, "openrouter", "model-key");
  const present = (await client.listKeys(entry.name)).filter((key) => key.name === entry.name);
  const known = present.find((key) => key.hash === entry.externalId);
  const secret = await readSecret(registry, id, "model-key");
  for (const key of present) if (key !== known || !secret) await client.deleteKey(key.hash);
  if (known && secret) return;
  if (entry.state === "active") throw new PlatformError("invalid", { detail: `the key of ${id} was lost` });

  // The look-up may have taken long: nothing is made behind a fence that came meanwhile.
  await intend(registry, id, "openrouter", "model-key");
  const created = await createKey(registry, client, entry);
  try {
    const kept = await registry.db.transaction().execute(async (tx) => {
      await storeSecret(registry, tx, id, "model-key", created.secret);
      return recordActive(tx, entry.id, created.key.hash);
    });
    if (!kept) throw new PlatformError("instance-doomed", { detail: `instance ${id}` });
  } catch (error) {
    // Nobody would find it: its secret is nowhere, and its row may be settled already.
    await client.deleteKey(created.key.hash);
    throw error;
  }
  const readBack = await client.findKey(created.key.hash);
  if (!readBack) throw new PlatformError("transient", { detail: "the new key cannot be read yet" });
}

async function createKey(
  registry: Registry,
  client: OpenRouterClient,
  entry: LedgerEntry,
): Promise<{ key: Key; secret: string }> {
  try {
    return await client.createKey(entry.name, KEY_LIMIT_USD);
  } catch (error) {
    if (error instanceof PlatformError && error.code === "ambiguous") {
      await recordAmbiguous(registry, entry.id, "ambiguous");
    }
    throw error;
  }
}

/** Stops all spending at once, before anything else is taken apart. */
export async function revokeModelKey(client: OpenRouterClient, entry: LedgerEntry): Promise<void> {
  if (entry.externalId) await client.updateKey(entry.externalId, { disabled: true });
}

/** Deletes every key of the name and reads back that none is left, also one that an unanswered create made. */
export async function makeModelKeyAbsent(
  client: OpenRouterClient,
  entry: LedgerEntry,
): Promise<ResourceOutcome> {
  if (entry.externalId) await client.deleteKey(entry.externalId);
  const named = async () => (await client.listKeys(entry.name)).filter((key) => key.name === entry.name);
  for (const key of await named()) await client.deleteKey(key.hash);
  if ((await named()).length > 0)
    throw new PlatformError("transient", { detail: "a deleted key is still listed" });
  return { kind: "absent" };
}
