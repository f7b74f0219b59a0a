import { type Flow, sleep } from "../engine/scheduler.ts";
import type { ClaimRow, InstanceRow } from "../tables.ts";
import type { World } from "../world.ts";

/** Binds the oldest idle instance to a waiting claim. It takes no time: one statement under the rows' locks. */
export function* bindOldestIdle(world: World, claim: ClaimRow): Flow<InstanceRow | undefined> {
  if (claim.state !== "waiting") return undefined;
  const [chosen] = [...world.tables.instances.values()]
    .filter((row) => row.state === "idle" && row.desired === "present")
    .sort((one, other) => one.stateSinceMs - other.stateSinceMs);
  if (!chosen) return undefined;
  if (!world.rules.bindsUnderLock) {
    yield* sleep(world.random.between(100, 5_000));
    if (claim.state !== "waiting") return undefined;
  }
  bind(world, chosen, claim);
  return chosen;
}

/** Binds one given instance, just proven ready, to the claim that has waited longest. */
export function bindToOldestWaiting(world: World, instance: InstanceRow): ClaimRow | undefined {
  const [chosen] = [...world.tables.claims.values()]
    .filter((claim) => claim.state === "waiting")
    .sort((one, other) => one.createdMs - other.createdMs);
  if (!chosen || instance.state !== "starting") return undefined;
  bind(world, instance, chosen);
  return chosen;
}

function bind({ tables }: World, instance: InstanceRow, claim: ClaimRow): void {
  claim.attempt += 1;
  tables.moveInstance(instance, "claimed");
  tables.addBinding({ instanceId: instance.id, claimId: claim.id, attempt: claim.attempt, state: "active" });
  tables.moveClaim(claim, "bound");
}
