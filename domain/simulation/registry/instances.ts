import { PlatformError } from "../../errors.ts";
import { INSTANCE_TRANSITIONS, type InstanceState } from "../../instance-state.ts";
import { predecessors } from "../../transition-table.ts";
import type { World } from "../world.ts";
import { bindToOldestWaiting } from "./bind.ts";

const LAUNCHED_IN: readonly InstanceState[] = ["provisioning", "starting", "claimed", "recovering"];

/** Begins the next start of the instance's process; every report of an older epoch is refused from now on. */
export function beginEpoch({ tables }: World, id: string, after: number): number {
  const row = tables.instance(id);
  const isNext = row.epoch === after || row.epoch === after + 1;
  if (row.desired !== "present" || !LAUNCHED_IN.includes(row.state) || !isNext)
    throw new PlatformError("instance-doomed");
  row.epoch = after + 1;
  row.urlEpoch = undefined;
  return row.epoch;
}

export function recordUrl({ tables }: World, id: string, epoch: number): void {
  const row = tables.instance(id);
  if (row.epoch === epoch && row.hasDataKey) row.urlEpoch = epoch;
}

/** Moves the instance if its present state allows it. */
export function moveInstance({ tables }: World, id: string, to: InstanceState): void {
  const row = tables.instance(id);
  if (predecessors(INSTANCE_TRANSITIONS, to).includes(row.state)) tables.moveInstance(row, to);
}

/** A proven instance enters the pool: the claim that has waited longest gets it, else it is idle. */
export function handOver(world: World, id: string): string | undefined {
  const row = world.tables.instance(id);
  if (row.state !== "starting" || row.desired === "absent") return undefined;
  const claim = bindToOldestWaiting(world, row);
  if (!claim) world.tables.moveInstance(row, "idle");
  return claim?.id;
}
