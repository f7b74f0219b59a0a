import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from "@temporalio/client";
import {
  type ClaimId,
  claimWorkflowId,
  explodeWorkflowId,
  type InstanceId,
  instanceWorkflowId,
  type PoolName,
  poolWorkflowId,
} from "../domain/ids.ts";
import type { EndReason } from "../domain/instance-state.ts";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import { WORKFLOW_TYPES } from "../domain/workflow-types.ts";

/** Starts the lifecycle unless it runs. Its own id makes a repeated start one start. */
export async function startLifecycle(client: Client, id: InstanceId): Promise<void> {
  await startOnce(client, WORKFLOW_TYPES.instanceLifecycle, instanceWorkflowId(id), TASK_QUEUES.control, {
    argument: { instanceId: id },
    summary: `Instance ${id}`,
    attributes: { InstanceId: [id] },
  });
}

export async function startClaim(client: Client, id: ClaimId): Promise<void> {
  await startOnce(client, WORKFLOW_TYPES.claim, claimWorkflowId(id), TASK_QUEUES.claims, {
    argument: { claimId: id },
    summary: `Claim ${id}`,
    attributes: { ClaimId: [id] },
  });
}

/** Starts the end of the instance. It has no time-out of any kind: it runs until everything is gone. */
export async function startExplode(client: Client, id: InstanceId, reason: EndReason): Promise<void> {
  await startOnce(client, WORKFLOW_TYPES.explode, explodeWorkflowId(id), TASK_QUEUES.control, {
    argument: { instanceId: id, reason },
    summary: `Explode ${id}: ${reason}`,
    attributes: { InstanceId: [id] },
  });
}

interface Start {
  argument: object;
  summary: string;
  attributes: Record<string, string[]>;
}

async function startOnce(
  client: Client,
  type: string,
  workflowId: string,
  taskQueue: string,
  start: Start,
): Promise<void> {
  try {
    await client.withDeadline(Date.now() + RPC_TIMEOUT_MS, () =>
      client.workflow.start(type, {
        workflowId,
        taskQueue,
        args: [start.argument],
        workflowIdConflictPolicy: "USE_EXISTING",
        staticSummary: start.summary,
        searchAttributes: start.attributes,
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

const RPC_TIMEOUT_MS = 5_000;

/** Wakes a workflow. False when none of this id runs; Reconcile starts what is missing. */
export async function wakeWorkflow(
  client: Client,
  workflowId: string,
  signal: "wake" | "suspect" | "doom" = "wake",
): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + RPC_TIMEOUT_MS, () =>
      client.workflow.getHandle(workflowId).signal(signal),
    );
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Wakes the pool's workflow, starting it if it does not run. */
export async function wakePool(client: Client, pool: PoolName): Promise<void> {
  await client.withDeadline(Date.now() + RPC_TIMEOUT_MS, () =>
    client.workflow.signalWithStart(WORKFLOW_TYPES.pool, {
      workflowId: poolWorkflowId(pool),
      taskQueue: TASK_QUEUES.control,
      args: [{ pool }],
      signal: "wake",
      signalArgs: [],
      staticSummary: `Pool ${pool}`,
      searchAttributes: { PoolName: [pool] },
    }),
  );
}
