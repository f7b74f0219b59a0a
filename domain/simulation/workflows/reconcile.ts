import type { ClaimState } from "../../claim-state.ts";
import { PlatformError } from "../../errors.ts";
import { activity } from "../engine/activity.ts";
import { type Flow, sleep, type Task } from "../engine/scheduler.ts";
import { fence } from "../registry/end.ts";
import { nameOf } from "../registry/ledger.ts";
import type { World } from "../world.ts";
import { ONCE } from "./retries.ts";
import { startClaim, startExplode, startLifecycle, wakePool } from "./starts.ts";

export const RECONCILE_PERIOD_MS = 60_000;
const CLAIM_GRACE_MS = 12_000;
const QUARANTINE_MS = 10 * 60_000;
const UNSETTLED: readonly ClaimState[] = ["waiting", "bound", "pending"];

/** The schedule: puts back to work whatever nobody is in charge of. */
export function* reconcileSchedule(world: World, self: Task): Flow<void> {
  while (true) {
    yield* sleep(world.periodMs(RECONCILE_PERIOD_MS));
    try {
      yield* activity(world, self, ONCE, () => reconcile(world));
    } catch (error) {
      // The next run goes on with the rest.
      if (!(error instanceof PlatformError)) throw error;
    }
  }
}

function* reconcile(world: World): Flow<void> {
  const { tables, nowMs } = world;
  wakePool(world);
  yield { ms: world.latencyMs() };
  const instances = [...tables.instances.values()];
  const isMissing = (workflowId: string) => !world.isRunning(workflowId);
  const doomed = instances.filter(
    ({ id, state, desired, stateSinceMs }) =>
      isMissing(`explode/${id}`) &&
      ((desired === "absent" && state !== "exploded") ||
        (state === "quarantined" && stateSinceMs < nowMs - QUARANTINE_MS)),
  );
  for (const { id, endReason = "claim-failed" } of doomed) {
    fence(world, id, endReason);
    yield { ms: world.latencyMs() };
    startExplode(world, id, endReason);
  }
  const open = [...tables.claims.values()].filter(
    ({ id, state, createdMs }) =>
      UNSETTLED.includes(state) && createdMs < nowMs - CLAIM_GRACE_MS && isMissing(`claim/${id}`),
  );
  if (world.rules.reconcilesClaims) for (const { id } of open) startClaim(world, id);
  yield { ms: world.latencyMs() };
  for (const { id, state, desired } of instances) {
    if (desired === "present" && state !== "quarantined" && isMissing(`instance/${id}`))
      startLifecycle(world, id);
  }
  yield* wakeLost(world);
}

/** The driver's listing against what is expected to run. */
function* wakeLost(world: World): Flow<void> {
  const expected = [...world.tables.instances.values()].filter(
    ({ state, desired, urlEpoch }) =>
      ["starting", "idle", "claimed", "recovering"].includes(state) &&
      desired === "present" &&
      urlEpoch !== undefined,
  );
  const running = yield* world.compute.list();
  for (const { id } of expected) if (!running.has(nameOf(id))) world.wakeWorkflow(`instance/${id}`);
}
