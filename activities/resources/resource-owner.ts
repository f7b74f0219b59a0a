import type { LedgerEntry } from "../registry/ledger.ts";
import { listResources } from "../registry/ledger.ts";
import type { Registry } from "../registry/registry.ts";
import type { ResourceOwner } from "./resource-kind.ts";

/** The owner of a ledger entry, with what else it has or had at the same provider. */
export async function ownerOf(registry: Registry, entry: LedgerEntry): Promise<ResourceOwner> {
  const { instanceId, name, provider } = entry;
  const siblings = new Map<string, string>();
  for (const other of await listResources(registry, instanceId)) {
    if (other.provider === provider && other.id !== entry.id && other.externalId !== undefined)
      siblings.set(other.kind, other.externalId);
  }
  return { instanceId, name, siblings };
}
