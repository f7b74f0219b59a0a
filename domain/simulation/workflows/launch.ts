import { PlatformError } from "../../errors.ts";
import type { Flow } from "../engine/scheduler.ts";
import { beginEpoch, moveInstance, recordUrl } from "../registry/instances.ts";
import { intend, recordActive } from "../registry/ledger.ts";
import type { World } from "../world.ts";

/** Starts the process of the epoch after `after`; what was started behind the fence is taken apart again. */
export function* launchInstance(world: World, id: string, after: number): Flow<void> {
  try {
    yield* launch(world, id, after);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (error.code === "instance-doomed" && world.tables.instance(id).desired === "absent")
      yield* world.compute.destroy(id);
    throw error;
  }
}

function* launch(world: World, id: string, after: number): Flow<void> {
  const { tables } = world;
  const entry = intend(world, id, "compute", "service");
  yield { ms: world.latencyMs() };
  const { state } = tables.instance(id);
  if (state === "claimed") moveInstance(world, id, "recovering");
  yield { ms: world.latencyMs() };
  if (!tables.instance(id).hasDataKey) throw new PlatformError("instance-doomed");
  const epoch = beginEpoch(world, id, after);
  yield { ms: world.latencyMs() };
  // Without the wait for it, a start that takes its time.
  if (!world.rules.waitsForLateLaunches) yield { ms: world.random.between(0, 15_000) };
  const serviceId = yield* world.compute.launch(id, epoch);
  const isKept = recordActive(world, entry, serviceId);
  yield { ms: world.latencyMs() };
  if (!isKept || tables.instance(id).desired === "absent") throw new PlatformError("instance-doomed");
  recordUrl(world, id, epoch);
  tables.instance(id).launchedMs.push(world.nowMs);
  if (state === "provisioning") moveInstance(world, id, "starting");
}
