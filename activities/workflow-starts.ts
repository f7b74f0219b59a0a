import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from "@temporalio/client";
import type { ClaimId, InstanceId, PoolName } from "../domain/ids.ts";
import type { EndReason } from "../domain/instance-state.ts";
import {
  claimStart,
  explodeStart,
  lifecycleStart,
  poolStart,
  type WorkflowStart,
} from "../domain/workflow-starts.ts";

const RPC_TIMEOUT_MS = 5_000;

/** Starts the lifecycle unless it runs. Its own id makes a repeated start one start. */
export const startLifecycle = (client: Client, id: InstanceId): Promise<void> =>
  startOnce(client, lifecycleStart(id));

/** `sinceMs`: when the claim was taken in, in ms since 1970; its deadlines go on from there. */
export const startClaim = (client: Client, id: ClaimId, sinceMs: number): Promise<void> =>
  startOnce(client, claimStart(id, sinceMs));

export const startExplode = (client: Client, id: InstanceId, reason: EndReason): Promise<void> =>
  startOnce(client, explodeStart(id, reason));

async function startOnce<Argument>(
  client: Client,
  { type, options }: WorkflowStart<Argument>,
): Promise<void> {
  try {
    await client.withDeadline(Date.now() + RPC_TIMEOUT_MS, () => client.workflow.start(type, options));
  } catch (error) {
    // It has run before and may not run again: what was asked for has happened.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

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
  const { type, options } = poolStart(pool);
  await client.withDeadline(Date.now() + RPC_TIMEOUT_MS, () =>
    client.workflow.signalWithStart(type, { ...options, signal: "wake", signalArgs: [] }),
  );
}
