import { readReceipt } from "../activities/registry/end.ts";
import { type InstanceView, readTimeline } from "../activities/registry/instances.ts";
import { listResources } from "../activities/registry/ledger.ts";
import { explodeWorkflowId, instanceWorkflowId } from "../domain/ids.ts";
import type { GatewayConfig } from "./config.ts";
import type { Gateway } from "./gateway.ts";
import type { InstanceDetail, InstanceSummary } from "./schemas/instance.ts";

export const instanceSummary = (view: InstanceView): InstanceSummary => ({
  id: view.id,
  name: view.name,
  pool: view.pool,
  generation: view.generation,
  state: view.state,
  stateSince: view.stateSince.toISOString(),
  desired: view.desired,
  epoch: view.epoch,
  readyEpoch: view.readyEpoch,
  inboxId: view.inboxId ?? null,
  conversationId: view.conversationId ?? null,
  claimId: view.claimId ?? null,
  endReason: view.endReason ?? null,
  expiresAt: view.expiresAt?.toISOString() ?? null,
  createdAt: view.createdAt.toISOString(),
  endedAt: view.endedAt?.toISOString() ?? null,
});

/** The instance with all that is known of its life. */
export async function instanceDetail(
  { registry, config }: Gateway,
  view: InstanceView,
): Promise<InstanceDetail> {
  const [timeline, resources, receipt] = await Promise.all([
    readTimeline(registry, view.id),
    listResources(registry, view.id),
    readReceipt(registry, view.id),
  ]);
  return {
    ...instanceSummary(view),
    timeline: timeline.map(({ at, ...entry }) => ({ at: at.toISOString(), ...entry })),
    resources: resources.map((resource) => ({
      id: resource.id,
      provider: resource.provider,
      kind: resource.kind,
      name: resource.name,
      externalId: resource.externalId ?? null,
      state: resource.state,
      outcome: resource.outcome ?? null,
      lastError: resource.lastError ?? null,
    })),
    ...(receipt ? { receipt } : {}),
    temporalUrl: workflowUrl(config, instanceWorkflowId(view.id)),
    temporalExplodeUrl: view.desired === "absent" ? workflowUrl(config, explodeWorkflowId(view.id)) : null,
  };
}

function workflowUrl({ temporalUiUrl, temporalNamespace }: GatewayConfig, workflowId: string): string | null {
  if (temporalUiUrl === undefined) return null;
  return `${temporalUiUrl}/namespaces/${encodeURIComponent(temporalNamespace)}/workflows/${encodeURIComponent(workflowId)}`;
}
