import { equipmentKey, equipmentToMake } from "../domain/equipment.ts";
import { PlatformError } from "../domain/errors.ts";
import type { InstanceId } from "../domain/ids.ts";
import type { Dependencies } from "./dependencies.ts";
import { readEquipment } from "./registry/equipment.ts";
import { readInstance } from "./registry/instances.ts";
import { intend, listResources } from "./registry/ledger.ts";
import { wasEverBound } from "./registry/pool-retirement.ts";
import { ownerOf } from "./resources/resource-owner.ts";

/**
 * Gives what can be given on, of an instance that nobody ever had, to the one that takes its place, so that nothing is
 * bought for it and given back here. It is only renamed at its provider: the successor then finds it under its own name
 * and adopts it, and the end of the first finds nothing under its own. So a crash or a failure at any point, or an end
 * that has begun meanwhile, only means that it is bought anew. Never throws what a provider answers.
 */
export async function handOverUnused(
  { registry, resources }: Pick<Dependencies, "registry" | "resources">,
  from: InstanceId,
  successor: InstanceId,
): Promise<void> {
  if (await wasEverBound(registry, from)) return;
  const { name } = await readInstance(registry, successor);
  const configured = new Set(resources.all().map(equipmentKey));
  const lacking = equipmentToMake({ configured, ...(await readEquipment(registry, successor)) }, 0);
  for (const entry of await listResources(registry, from)) {
    const { provider, kind, externalId, state } = entry;
    if (state !== "active" || externalId === undefined) continue;
    if (!lacking.some((item) => item.provider === provider && item.kind === kind)) continue;
    const made = resources.get(provider, kind);
    if (!made.handOver) continue;
    try {
      await intend(registry, successor, provider, kind);
      await made.handOver(externalId, await ownerOf(registry, entry), name);
    } catch (error) {
      // It stays with the first, whose end releases it, or is found by the successor after all.
      if (!(error instanceof PlatformError)) throw error;
    }
  }
}
