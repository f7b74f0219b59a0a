import type { ClaimState } from "../domain/claim-state.ts";
import { type ErrorCode, PlatformError } from "../domain/errors.ts";
import { type ClaimId, type InstanceId, instanceWorkflowId } from "../domain/ids.ts";
import { LIMITS } from "../domain/limits.ts";
import { deliverToAgent } from "./deliver-to-agent.ts";
import type { Dependencies } from "./dependencies.ts";
import { bindWaiting, type Delivery, endClaim, loadDelivery, replaceInstance } from "./registry/claims.ts";
import { startExplode, wakeWorkflow } from "./workflow-starts.ts";

/** What one try to serve the claim came to. `attempt` counts the instances that were bound to it. */
export type DeliveryStep =
  | { outcome: "settled"; state: ClaimState }
  | { outcome: "waiting" }
  | { outcome: "pending" }
  /** The instance keeps the claim (a join request may have left it) but does not answer now. */
  | { outcome: "recovering" }
  | { outcome: "replaced" };

/** Refusals that say something about the invite, not about the agent: another agent would be refused too. */
const FINAL_REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "invite-invalid",
  "invite-expired",
  "invite-foreign-network",
  "invite-revoked",
  "conversation-full",
  "conversation-locked",
]);

export const claimActivities = (deps: Dependencies) => {
  const { registry } = deps;

  return {
    /**
     * Serves the claim as far as it goes now: takes an idle instance if it waits, hands it over, stores the
     * answer. Every repetition continues where the last one stopped; the agent is idempotent by claim id.
     */
    async deliverClaim(id: ClaimId): Promise<DeliveryStep> {
      let delivery = await loadDelivery(registry, id);
      if (!delivery) return { outcome: "settled", state: "cancelled" };
      if (delivery.state === "waiting") {
        if (!(await bindWaiting(registry, id))) return { outcome: "waiting" };
        delivery = await loadDelivery(registry, id);
      }
      if (!delivery) return { outcome: "settled", state: "cancelled" };
      if (delivery.state !== "bound" && delivery.state !== "pending") {
        return { outcome: "settled", state: delivery.state };
      }
      return deliver(deps, id, delivery);
    },

    async failClaim(id: ClaimId, code: ErrorCode): Promise<void> {
      await fail(deps, id, code);
    },
  };
};

async function deliver(deps: Dependencies, id: ClaimId, delivery: Delivery): Promise<DeliveryStep> {
  try {
    const outcome = await deliverToAgent(deps, id, delivery);
    if (outcome === "over") return afterwards(deps, id);
    return outcome === "pending" ? { outcome } : { outcome: "settled", state: outcome };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (FINAL_REFUSALS.has(error.code)) return fail(deps, id, error.code);
    if (!delivery.target) throw error;
    return unserved(deps, id, delivery.target.instanceId, error.code);
  }
}

/**
 * An agent that is dead, wrong or lying is replaced within the same claim, so often and no more. Once a join
 * request may have left it, it keeps the claim instead: there must never be two agents in one room.
 */
async function unserved(
  deps: Dependencies,
  id: ClaimId,
  instanceId: InstanceId,
  code: ErrorCode,
): Promise<DeliveryStep> {
  await wakeWorkflow(deps.temporal, instanceWorkflowId(instanceId));
  const delivery = await loadDelivery(deps.registry, id);
  if (delivery?.state !== "bound" && delivery?.state !== "pending") return afterwards(deps, id);
  if (delivery.joinSent) return { outcome: "recovering" };
  if (delivery.attempt >= LIMITS.claimMaxAttempts) return fail(deps, id, "claim-failed");
  const next = await replaceInstance(deps.registry, id, instanceId, code);
  if (next) return { outcome: "replaced" };
  // A join request left it between the look and the lock.
  return { outcome: (await loadDelivery(deps.registry, id))?.joinSent ? "recovering" : "waiting" };
}

/** Somebody else has changed the claim meanwhile: whatever it is now is what to go on from. */
async function afterwards({ registry }: Dependencies, id: ClaimId): Promise<DeliveryStep> {
  const state = (await loadDelivery(registry, id))?.state ?? "cancelled";
  return state === "waiting" || state === "bound" || state === "pending"
    ? { outcome: "replaced" }
    : { outcome: "settled", state };
}

async function fail(deps: Dependencies, id: ClaimId, code: ErrorCode): Promise<DeliveryStep> {
  const { ended, instanceId, reason } = await endClaim(deps.registry, id, { state: "failed", code });
  if (instanceId) await startExplode(deps.temporal, instanceId, reason);
  return ended ? { outcome: "settled", state: "failed" } : afterwards(deps, id);
}
