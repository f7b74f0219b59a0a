import {
  type ClaimId,
  claimWorkflowId,
  explodeWorkflowId,
  type InstanceId,
  instanceWorkflowId,
  type PoolName,
  poolWorkflowId,
} from "./ids.ts";
import type { EndReason } from "./instance-state.ts";
import { TASK_QUEUES } from "./task-queues.ts";
import { WORKFLOW_TYPES } from "./workflow-types.ts";

/** How a workflow is started, by whoever starts it. Ids and codes only, never a text of a person. */
export interface WorkflowStart<Argument> {
  type: string;
  options: {
    workflowId: string;
    taskQueue: string;
    args: [Argument];
    workflowIdConflictPolicy: "USE_EXISTING";
    workflowIdReusePolicy: "ALLOW_DUPLICATE" | "ALLOW_DUPLICATE_FAILED_ONLY";
    staticSummary: string;
    searchAttributes: Record<string, string[]>;
  };
}

/**
 * A claim and an instance end once. A workflow of theirs that has completed has seen that end in the registry, which
 * nothing takes back: it is never started again. One that was terminated or has failed has not: it is.
 */
const ONCE = {
  workflowIdConflictPolicy: "USE_EXISTING",
  workflowIdReusePolicy: "ALLOW_DUPLICATE_FAILED_ONLY",
} as const;

/** `sinceMs`: when the claim was taken in, in ms since 1970; without it, its deadlines count from this start. */
export const claimStart = (
  claimId: ClaimId,
  sinceMs?: number,
): WorkflowStart<{ claimId: ClaimId; sinceMs?: number }> => ({
  type: WORKFLOW_TYPES.claim,
  options: {
    ...ONCE,
    workflowId: claimWorkflowId(claimId),
    taskQueue: TASK_QUEUES.claims,
    args: [{ claimId, ...(sinceMs === undefined ? {} : { sinceMs }) }],
    staticSummary: `Claim ${claimId}`,
    searchAttributes: { ClaimId: [claimId] },
  },
});

export const lifecycleStart = (instanceId: InstanceId): WorkflowStart<{ instanceId: InstanceId }> => ({
  type: WORKFLOW_TYPES.instanceLifecycle,
  options: {
    ...ONCE,
    workflowId: instanceWorkflowId(instanceId),
    taskQueue: TASK_QUEUES.control,
    args: [{ instanceId }],
    staticSummary: `Instance ${instanceId}`,
    searchAttributes: { InstanceId: [instanceId] },
  },
});

/** It has no time-out of any kind: it runs until everything is gone. */
export const explodeStart = (
  instanceId: InstanceId,
  reason: EndReason,
): WorkflowStart<{ instanceId: InstanceId; reason: EndReason }> => ({
  type: WORKFLOW_TYPES.explode,
  options: {
    ...ONCE,
    workflowId: explodeWorkflowId(instanceId),
    taskQueue: TASK_QUEUES.control,
    args: [{ instanceId, reason }],
    staticSummary: `Explode ${instanceId}: ${reason}`,
    searchAttributes: { InstanceId: [instanceId] },
  },
});

/** A pool never ends: whatever became of its workflow, it is started again. */
export const poolStart = (pool: PoolName): WorkflowStart<{ pool: PoolName }> => ({
  type: WORKFLOW_TYPES.pool,
  options: {
    workflowId: poolWorkflowId(pool),
    taskQueue: TASK_QUEUES.control,
    args: [{ pool }],
    workflowIdConflictPolicy: "USE_EXISTING",
    workflowIdReusePolicy: "ALLOW_DUPLICATE",
    staticSummary: `Pool ${pool}`,
    searchAttributes: { PoolName: [pool] },
  },
});
