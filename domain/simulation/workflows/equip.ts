import { type EquipmentItem, equipmentKey, equipmentToMake, RETRY_AFTER_MS } from "../../equipment.ts";
import { PlatformError } from "../../errors.ts";
import { activity } from "../engine/activity.ts";
import type { Flow, Task } from "../engine/scheduler.ts";
import type { World } from "../world.ts";
import { ensureResource } from "./resources.ts";
import { RESOURCE } from "./retries.ts";

/** What of its equipment is to be made now. */
export function equipmentOf(world: World, id: string): EquipmentItem[] {
  const { tables, providers, numberTiming, nowMs } = world;
  const rows = tables.resourcesOf(id).map((row) => {
    const triedMsAgo = row.triedMs === undefined ? undefined : nowMs - row.triedMs;
    return [equipmentKey(row), { state: row.state, triedMsAgo }] as const;
  });
  return equipmentToMake(
    {
      configured: new Set(providers.keys()),
      timings: { number: numberTiming, wallet: "off" },
      ledger: new Map(rows),
    },
    tables.instance(id).state === "provisioning" ? 0 : RETRY_AFTER_MS,
  );
}

/** Makes what is lacking, one after the other; only what is required may hold the instance up. */
export function* equip(world: World, self: Task, id: string): Flow<void> {
  for (const item of equipmentOf(world, id)) {
    try {
      yield* activity(world, self, RESOURCE, () => tryToMake(world, id, item));
    } catch (error) {
      if (!(error instanceof PlatformError) || item.required) throw error;
    }
  }
}

function* tryToMake(world: World, id: string, { provider, kind }: EquipmentItem): Flow<void> {
  try {
    yield* ensureResource(world, id, provider, kind);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const row = world.tables.resourcesOf(id).find((one) => one.provider === provider && one.kind === kind);
    if (row) row.triedMs = world.nowMs;
    throw error;
  }
}
