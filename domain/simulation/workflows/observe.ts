import { PlatformError } from "../../errors.ts";
import type { LifecycleFacts } from "../../steps/lifecycle-step.ts";
import type { Flow } from "../engine/scheduler.ts";
import { recordUrl } from "../registry/instances.ts";
import type { World } from "../world.ts";
import { equipmentOf } from "./equip.ts";

const HOUR_MS = 3_600_000;

/** What is known of the instance now, as the lifecycle reads it. */
export function* observeInstance(
  world: World,
  id: string,
): Flow<Omit<LifecycleFacts, "unprovenEpoch" | "suspected" | "expiresInMs">> {
  const { state, desired, epoch, readyEpoch } = world.tables.instance(id);
  const process = yield* observeProcess(world, id);
  const { reportedEnd, faultedEpoch, launchedMs, stateSinceMs } = world.tables.instance(id);
  return {
    state,
    desired,
    epoch,
    readyEpoch,
    process,
    reportedEnd,
    faultedEpoch,
    recentStarts: launchedMs.filter((atMs) => atMs > world.nowMs - HOUR_MS).length,
    lacking: equipmentOf(world, id).length > 0,
    creditDue: false,
    startedMsAgo: world.nowMs - Math.max(stateSinceMs, launchedMs.at(-1) ?? 0),
  };
}

function* observeProcess(world: World, id: string): Flow<LifecycleFacts["process"]> {
  const { epoch, urlEpoch } = world.tables.instance(id);
  if (epoch === 0) return "absent";
  try {
    const observation = yield* world.compute.observe(id);
    if (observation.state !== "running") return observation.state;
    if (observation.epoch !== epoch) return "exited";
    if (urlEpoch === undefined) recordUrl(world, id, epoch);
    return "running";
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return "unknown";
  }
}
