import { PlatformError } from "../../errors.ts";
import type { EndReason } from "../../instance-state.ts";
import type { ResourceOutcome } from "../../resource-state.ts";
import { activity } from "../engine/activity.ts";
import { type Flow, sleep, type Task } from "../engine/scheduler.ts";
import { explodeAgent } from "../outside/agent-client.ts";
import { bury, fence, purge } from "../registry/end.ts";
import { beginRelease, settle } from "../registry/ledger.ts";
import type { ResourceRow } from "../tables.ts";
import type { World } from "../world.ts";
import { makeResourceAbsent } from "./resources.ts";
import { AGENT_END, FOR_EVER } from "./retries.ts";
import { wakePool } from "./starts.ts";

const LATE_CREATE_MS = 20_000;
const POLL_MS = 5_000;

/** Ends an instance and everything it ever owned; shaped like `workflows/explode.ts`. */
export function* explodeWorkflow(world: World, self: Task, id: string, reason: EndReason): Flow<void> {
  yield* activity(world, self, FOR_EVER, function* () {
    fence(world, id, reason);
    yield { ms: world.latencyMs() };
    world.wakeWorkflow(`instance/${id}`);
  });
  try {
    yield* activity(world, self, AGENT_END, () => endAgent(world, id));
  } catch (error) {
    // The rest does not depend on the agent's good will.
    if (!(error instanceof PlatformError)) throw error;
  }
  const { resources, lateCreateMs } = yield* activity(world, self, FOR_EVER, () => listLedger(world, id));
  yield* forEach(world, self, resources, (row) => releaseResource(world, row));
  yield* sleep(lateCreateMs);
  yield* forEach(world, self, resources, (row) => sweepLate(world, row));
  yield* activity(world, self, FOR_EVER, function* () {
    if (world.tables.resourcesOf(id).some(({ state }) => state !== "settled"))
      throw new PlatformError("conflict");
    purge(world, id);
    yield { ms: world.latencyMs() };
    bury(world, id);
    wakePool(world);
  });
}

/** Side by side: one provider that does not answer does not hold the others up. */
function* forEach(
  world: World,
  self: Task,
  resources: readonly ResourceRow[],
  step: (row: ResourceRow) => Flow<void>,
): Flow<void> {
  let left = resources.length;
  for (const row of resources) {
    const task = world.scheduler.start(`${self.name} ${row.provider}`, function* (child) {
      yield* activity(world, child, FOR_EVER, () => step(row));
      left -= 1;
      world.scheduler.wake(self);
    });
    self.children.push(task);
  }
  yield { ms: Number.MAX_SAFE_INTEGER, until: () => left === 0 };
}

function* endAgent(world: World, id: string): Flow<void> {
  const { urlEpoch, reportedExploded, endReason } = world.tables.instance(id);
  if (reportedExploded || urlEpoch === undefined) return;
  try {
    yield* explodeAgent(world, { instanceId: id, urlEpoch }, endReason ?? "operator");
  } catch (error) {
    // Nothing answers there: what it held goes with its process and its volume.
    if (!(error instanceof PlatformError)) throw error;
    return;
  }
  while (!world.tables.instance(id).reportedExploded) {
    if ((yield* world.compute.observe(id)).state !== "running") return;
    yield* sleep(POLL_MS);
  }
}

function* listLedger(
  world: World,
  id: string,
): Flow<{ resources: readonly ResourceRow[]; lateCreateMs: number }> {
  yield { ms: world.latencyMs() };
  const resources = world.tables.resourcesOf(id);
  const { rules, nowMs } = world;
  const { urlEpoch, launchedMs } = world.tables.instance(id);
  const isLong = (sinceMs: number) => nowMs - sinceMs > LATE_CREATE_MS;
  const areMade = resources.every(({ state, stateSinceMs }) => state === "active" && isLong(stateSinceMs));
  // Its address is unknown while a start is under way.
  const isLaunched = urlEpoch !== undefined && isLong(launchedMs.at(-1) ?? nowMs);
  const isCalm = areMade && (isLaunched || !rules.waitsForLateLaunches);
  return { resources, lateCreateMs: isCalm || !rules.waitsForLateCreates ? 0 : LATE_CREATE_MS };
}

function* releaseResource(world: World, { id }: ResourceRow): Flow<void> {
  const row = world.tables.resource(id);
  if (row.state === "settled") return;
  beginRelease(world, id);
  yield { ms: world.latencyMs() };
  settle(world, id, yield* makeAbsent(world, row));
}

function* sweepLate(world: World, { id }: ResourceRow): Flow<void> {
  const row = world.tables.resource(id);
  if (row.outcome?.kind !== "abandoned") yield* makeAbsent(world, row);
}

function* makeAbsent(world: World, row: ResourceRow): Flow<ResourceOutcome> {
  if (row.provider !== "compute") return yield* makeResourceAbsent(world, row);
  yield* world.compute.destroy(row.instanceId);
  return { kind: "absent" };
}
