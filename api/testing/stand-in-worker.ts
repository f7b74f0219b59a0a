import { commitDelivery } from "../../activities/registry/claims.ts";
import type { Registry } from "../../activities/registry/registry.ts";
import type { ClaimId, InstanceId } from "../../domain/ids.ts";

/** What a worker ends a delivery with: the agent's answer is committed and whoever waits is woken. */
export async function deliver(
  registry: Registry,
  claimId: ClaimId,
  instanceId: InstanceId,
  state: "live" | "pending" = "live",
): Promise<void> {
  const isLive = state === "live";
  await commitDelivery(registry, claimId, instanceId, state, {
    agentName: "Trip planner",
    conversationId: isLive ? `conversation-of-${instanceId}` : null,
    inviteUrl: isLive ? `https://local.convos.org/v2?i=${instanceId}` : null,
    joined: false,
  });
}

/** The claims that are bound and not delivered, the oldest first. */
export function boundClaims(registry: Registry): Promise<{ claimId: ClaimId; instanceId: InstanceId }[]> {
  return registry.db
    .selectFrom("claims")
    .innerJoin("bindings", "bindings.claim_id", "claims.id")
    .select(["claims.id as claimId", "bindings.instance_id as instanceId"])
    .where("claims.state", "=", "bound")
    .where("bindings.state", "=", "active")
    .orderBy("claims.created_at")
    .execute();
}
