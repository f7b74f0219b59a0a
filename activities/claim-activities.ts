import type { ClaimState } from "../domain/claim-state.ts";
import { type ErrorCode, PlatformError } from "../domain/errors.ts";
import { type ClaimId, type InstanceId, instanceWorkflowId } from "../domain/ids.ts";
import { LIMITS } from "../domain/limits.ts";
import type { AgentTarget } from "./agent/agent-client.ts";
import type { Dependencies } from "./dependencies.ts";
import { doomInstance } from "./doom.ts";
import {
  bindWaiting,
  commitDelivery,
  type Delivery,
  endClaim,
  loadDelivery,
  recordJoinSent,
  replaceInstance,
} from "./registry/claims.ts";
import type { Registry } from "./registry/registry.ts";
import { openSecret } from "./registry/secrets.ts";
import { wakeWorkflow } from "./workflow-starts.ts";

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
      return provision(deps, id, delivery);
    },

    async failClaim(id: ClaimId, code: ErrorCode): Promise<void> {
      await fail(deps, id, code);
    },
  };
};

async function provision(deps: Dependencies, id: ClaimId, delivery: Delivery): Promise<DeliveryStep> {
  const { registry, agents } = deps;
  const { target, input } = delivery;
  if (!target || !input)
    throw new PlatformError("internal", { detail: `claim ${id} is bound without a target` });
  try {
    const agent = targetOf(registry, target);
    if (input.joinUrl !== undefined && !delivery.joinSent) {
      await agents.status(agent);
      await recordJoinSent(registry, id);
      delivery.joinSent = true;
    }
    const answer = await agents.provision(agent, { claimId: id, ...input });
    const state = answer.outcome === "pending" ? "pending" : "live";
    const stored = await commitDelivery(registry, id, target.instanceId, state, {
      agentName: answer.agentName,
      conversationId: answer.conversationId,
      inviteUrl: answer.inviteUrl,
      joined: answer.outcome === "joined",
    });
    if (!stored) return { outcome: "settled", state: "cancelled" };
    return state === "pending" ? { outcome: "pending" } : { outcome: "settled", state };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (FINAL_REFUSALS.has(error.code)) return fail(deps, id, error.code);
    return unserved(deps, id, target.instanceId, delivery, error.code);
  }
}

function targetOf({ vault }: Registry, target: NonNullable<Delivery["target"]>): AgentTarget {
  const { instanceId, epoch, url, secret, instanceKey } = target;
  if (!url || !secret || !instanceKey)
    throw new PlatformError("agent-unreachable", { detail: `instance ${instanceId}` });
  return {
    url,
    instanceId,
    epoch,
    instanceSecret: openSecret(vault, instanceId, "instance-secret", instanceKey, secret),
  };
}

/**
 * An agent that is dead, wrong or lying is replaced within the same claim, so often and no more. Once a join
 * request may have left it, it keeps the claim instead: there must never be two agents in one room.
 */
async function unserved(
  deps: Dependencies,
  id: ClaimId,
  instanceId: InstanceId,
  delivery: Delivery,
  code: ErrorCode,
): Promise<DeliveryStep> {
  await wakeWorkflow(deps.temporal, instanceWorkflowId(instanceId));
  if (delivery.joinSent) return { outcome: "recovering" };
  if (delivery.attempt >= LIMITS.claimMaxAttempts) return fail(deps, id, "claim-failed");
  const next = await replaceInstance(deps.registry, id, instanceId, code);
  return { outcome: next ? "replaced" : "waiting" };
}

async function fail(deps: Dependencies, id: ClaimId, code: ErrorCode): Promise<DeliveryStep> {
  const { instanceId } = await endClaim(deps.registry, id, { state: "failed", code });
  if (instanceId)
    await doomInstance(deps, instanceId, code === "claim-expired" ? "claim-expired" : "claim-failed");
  return { outcome: "settled", state: "failed" };
}
