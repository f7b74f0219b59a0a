import { judgeItem, type LeakVerdict, mayRemove } from "../domain/leak.ts";
import { type InventoryEntry, inventoryKey, readInventory, readLedger } from "./audit/inventory.ts";
import type { Dependencies } from "./dependencies.ts";
import { forgetLeaksBefore, ledgerRowOf, noteLeak, noteRemoved } from "./registry/leaks.ts";

/** What a provider has and the ledger does not account for. Names and codes only. */
export interface LeakFinding {
  provider: string;
  kind: string;
  name: string;
  verdict: LeakVerdict;
  removed: boolean;
}

type LeakDependencies = Pick<Dependencies, "registry" | "compute" | "resources">;

/**
 * Compares what the providers have under this environment's names with the ledger. What the ledger proves to be ours
 * and nobody's any more is removed, when it was seen before; whatever else is found is only shown.
 */
export const leakActivities = (deps: LeakDependencies) => ({
  async sweepLeaks(): Promise<LeakFinding[]> {
    const { registry } = deps;
    const startedAt = new Date();
    const { items } = await readInventory(deps);
    const leaks: { item: InventoryEntry; verdict: LeakVerdict; isSeenAgain: boolean; ageMs: number }[] = [];
    const rows = await readLedger(registry);
    for (const item of items) {
      const verdict = judgeItem(item.externalId, rows.get(inventoryKey(item)));
      if (verdict === undefined) continue;
      const { firstSeenAt, isSeenAgain } = await noteLeak(registry, { ...item, verdict });
      const since = item.createdAt ?? firstSeenAt;
      leaks.push({ item, verdict, isSeenAgain, ageMs: startedAt.getTime() - since.getTime() });
    }
    await forgetLeaksBefore(registry, startedAt);
    const share = leaks.length / Math.max(items.length, 1);
    const findings: LeakFinding[] = [];
    for (const { item, verdict, ...seen } of leaks) {
      const removed = mayRemove(verdict, { ...seen, share }) && (await remove(deps, item));
      findings.push({ provider: item.provider, kind: item.kind, name: item.name, verdict, removed });
    }
    return findings;
  },
});

/** Looks once more right before: the ledger may have taken it up meanwhile, or it may be gone. */
async function remove(deps: LeakDependencies, item: InventoryEntry): Promise<boolean> {
  const { registry, compute, resources } = deps;
  const row = await ledgerRowOf(registry, item);
  const verdict = judgeItem(item.externalId, row);
  if (!row || verdict === undefined || verdict === "unknown") return false;
  const { instanceId, name } = row;
  if (item.provider === "compute") {
    // A driver knows an instance by its name alone, so only one that is to be absent is safe to take away.
    if (verdict !== "late") return false;
    await compute.destroy(instanceId, name, item.kind);
  } else {
    const kind = resources.get(item.provider, item.kind);
    const owner = { instanceId, name, siblings: new Map() };
    await kind.remove(item.externalId, owner);
  }
  await noteRemoved(registry, item);
  return true;
}
