import type { ClaimState } from "../../claim-state.ts";
import type { ErrorCode } from "../../errors.ts";
import type { EndReason } from "../../instance-state.ts";
import type { Flow } from "../engine/scheduler.ts";
import type { InstanceRow } from "../tables.ts";
import type { World } from "../world.ts";
import { bindOldestIdle } from "./bind.ts";

/** A claim and its instance as they were when they were read. */
export interface Delivery {
  state: ClaimState;
  attempt: number;
  joinSent: boolean;
  invite: string | undefined;
  hasText: boolean;
  target: { instanceId: string; epoch: number; urlEpoch: number | undefined } | undefined;
}

export function loadDelivery({ tables }: World, id: string): Delivery | undefined {
  const claim = tables.claims.get(id);
  if (!claim) return undefined;
  const { state, attempt, joinSent, invite, hasText } = claim;
  const instanceId = tables.activeBinding(id)?.instanceId;
  const instance = instanceId === undefined ? undefined : tables.instance(instanceId);
  const target = instance && { instanceId: instance.id, epoch: instance.epoch, urlEpoch: instance.urlEpoch };
  return { state, attempt, joinSent, invite, hasText, target };
}

/** Stores the agent's answer. False when the claim is not that instance's any more. */
export function commitDelivery(
  { tables }: World,
  id: string,
  instanceId: string,
  state: "live" | "pending",
): boolean {
  const claim = tables.claims.get(id);
  if (!claim || tables.activeBinding(id)?.instanceId !== instanceId) return false;
  if (claim.state === "live") return true;
  if (claim.state !== "bound" && claim.state !== "pending") return false;
  tables.moveClaim(claim, state);
  if (state === "live") claim.hasText = false;
  return true;
}

/**
 * Written before a join request can leave. False when the claim is not that instance's any more: then none may leave.
 */
export function recordJoinSent({ tables, rules }: World, id: string, instanceId: string): boolean {
  const claim = tables.claims.get(id);
  if (!claim) return false;
  if (rules.joinsUnderLock && tables.activeBinding(id)?.instanceId !== instanceId) return false;
  claim.joinSent = true;
  return true;
}

/** Quarantines the claim's present instance and binds another, or puts the claim back into the queue. */
export function* replaceInstance(world: World, id: string, failed: string): Flow<InstanceRow | undefined> {
  const { tables, rules } = world;
  const claim = tables.claims.get(id);
  const binding = tables.activeBinding(id);
  const keeps = rules.joinsUnderLock && rules.keepsInstanceOnceJoining && claim?.joinSent === true;
  if (claim?.state === "bound" && binding?.instanceId === failed && !keeps) {
    const instance = tables.instance(failed);
    if (instance.state === "claimed" || instance.state === "recovering")
      tables.moveInstance(instance, "quarantined");
    tables.moveBinding(binding, "abandoned");
    tables.moveClaim(claim, "waiting");
  }
  return claim && (yield* bindOldestIdle(world, claim));
}

/** Ends a claim that never became live; an instance that was bound to it is fenced in the same transaction. */
export function endClaim(
  { tables }: World,
  id: string,
  end: { state: "failed"; code: ErrorCode } | { state: "cancelled" },
): { ended: boolean; instanceId: string | undefined; reason: EndReason } {
  const reason = reasonOf(end);
  const claim = tables.claims.get(id);
  if (claim?.state !== "waiting" && claim?.state !== "bound" && claim?.state !== "pending")
    return { ended: false, instanceId: undefined, reason };
  const binding = tables.activeBinding(id);
  if (binding) {
    const instance = tables.instance(binding.instanceId);
    if (instance.desired === "present") tables.doom(instance, reason);
    tables.moveBinding(binding, "abandoned");
  }
  if (end.state === "failed") claim.failureCode = end.code;
  claim.hasText = false;
  tables.moveClaim(claim, end.state);
  return { ended: true, instanceId: binding?.instanceId, reason };
}

function reasonOf(end: { state: "failed"; code: ErrorCode } | { state: "cancelled" }): EndReason {
  if (end.state === "cancelled") return "claim-cancelled";
  return end.code === "claim-expired" ? "claim-expired" : "claim-failed";
}
