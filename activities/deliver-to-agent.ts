import type { ProvisionAnswer } from "../domain/agent-protocol.ts";
import { PlatformError } from "../domain/errors.ts";
import type { ClaimId } from "../domain/ids.ts";
import type { AgentClient, AgentTarget } from "./agent/agent-client.ts";
import { commitDelivery, type Delivery, recordJoinSent } from "./registry/claims.ts";
import type { Registry } from "./registry/registry.ts";
import { openSecret } from "./registry/secrets.ts";

/**
 * Hands a bound claim to its agent and stores the answer. Safe to repeat, and at once by two: the agent is idempotent
 * by claim id, and the first answer is stored. `over` when the claim has ended meanwhile. Throws what the agent client
 * throws.
 */
export async function deliverToAgent(
  { registry, agents }: { registry: Registry; agents: AgentClient },
  id: ClaimId,
  { target, input, joinSent }: Delivery,
): Promise<"live" | "pending" | "over"> {
  if (!target || !input)
    throw new PlatformError("internal", { detail: `claim ${id} is bound without a target` });
  const agent = await targetOf(registry, target);
  if (input.joinUrl !== undefined && !joinSent) {
    await agents.status(agent);
    if (!(await recordJoinSent(registry, id, target.instanceId))) return "over";
  }
  const answer = await agents.provision(agent, { claimId: id, ...input });
  checkAnswer(answer, input.joinUrl !== undefined);
  const state = answer.outcome === "pending" ? "pending" : "live";
  const stored = await commitDelivery(registry, id, target.instanceId, state, {
    agentName: answer.agentName,
    conversationId: answer.conversationId,
    inviteUrl: answer.inviteUrl,
    joined: answer.outcome === "joined",
  });
  return stored ? state : "over";
}

/** A proved answer can still be one to another question. */
function checkAnswer({ outcome, inviteUrl, conversationId }: ProvisionAnswer, joining: boolean): void {
  const complete = outcome === "pending" || conversationId !== null;
  const fits = joining ? outcome !== "created" : outcome === "created" && inviteUrl !== null;
  if (!fits || !complete) throw new PlatformError("agent-unproven", { detail: `it answered "${outcome}"` });
}

/** Where the bound instance's agent is. Throws `agent-unreachable` when that is not known. */
export async function targetOf(
  { vault }: Registry,
  target: NonNullable<Delivery["target"]>,
): Promise<AgentTarget> {
  const { instanceId, epoch, url, inboxId, joinInboxId, secret, instanceKey } = target;
  if (!url || !secret || !instanceKey) {
    throw new PlatformError("agent-unreachable", { detail: `instance ${instanceId}` });
  }
  const instanceSecret = await openSecret(vault, instanceId, "instance-secret", instanceKey, secret);
  return { url, instanceId, epoch, instanceSecret, inboxes: { inboxId, joinInboxId } };
}
