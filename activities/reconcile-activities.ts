import type { Client } from "@temporalio/client";
import { claimWorkflowId, explodeWorkflowId, type InstanceId, instanceWorkflowId } from "../domain/ids.ts";
import { WORKFLOW_TYPES } from "../domain/workflow-types.ts";
import type { Dependencies } from "./dependencies.ts";
import { doomInstance } from "./doom.ts";
import { deliverDueInbound } from "./inbound/deliver.ts";
import { listRunning } from "./registry/instances.ts";
import { listPools } from "./registry/pools.ts";
import { doomedInstances, openClaims, presentInstances } from "./registry/unattended.ts";
import { startClaim, startLifecycle, wakePool, wakeWorkflow } from "./workflow-starts.ts";

/** A claim younger than this is still with the gateway that took it in; longer than its own try takes. */
const CLAIM_GRACE_MS = 12_000;
/** In one run; the next one goes on. */
const MAX_STARTS = 200;

/** What Reconcile found without anybody in charge, and put back to work. Ids only. */
export interface ReconcileFindings {
  claims: string[];
  lifecycles: string[];
  explodes: string[];
  /** Instances whose process is not what the registry expects; their lifecycles were woken. */
  lost: string[];
}

export const reconcileActivities = (deps: Dependencies) => {
  const { registry, temporal, quarantineMs } = deps;

  return {
    /**
     * Restarts whatever Postgres says must be running and Temporal does not run: the promise holds even after
     * an operator has terminated a workflow.
     */
    async reconcile(): Promise<ReconcileFindings> {
      for (const pool of await listPools(registry)) await wakePool(temporal, pool);
      const running = await runningWorkflows(temporal);
      const missing = (workflowId: string) => !running.has(workflowId);
      const claims = (await openClaims(registry, CLAIM_GRACE_MS)).filter(({ id }) =>
        missing(claimWorkflowId(id)),
      );
      const present = (await presentInstances(registry)).filter((id) => missing(instanceWorkflowId(id)));
      const doomed = (await doomedInstances(registry, quarantineMs)).filter(({ id }) =>
        missing(explodeWorkflowId(id)),
      );
      const errors: unknown[] = [];
      const findings: ReconcileFindings = {
        explodes: await each(doomed, errors, ({ id, reason }) =>
          doomInstance(deps, id, reason).then(() => id),
        ),
        claims: await each(claims, errors, ({ id, createdAt }) =>
          startClaim(temporal, id, createdAt.getTime()).then(() => id),
        ),
        lifecycles: await each(present, errors, (id) => startLifecycle(temporal, id).then(() => id)),
        lost: await wakeLost(deps),
      };
      await deliverDueInbound(deps).catch((error: unknown) => errors.push(error));
      // What could be started has been; the next run goes on with the rest, and this one shows that it failed.
      if (errors.length > 0) throw errors[0];
      return findings;
    },
  };
};

/** Starts as many as one run may, whatever becomes of single ones; answers those that were started. */
async function each<T>(
  items: readonly T[],
  errors: unknown[],
  start: (item: T) => Promise<string>,
): Promise<string[]> {
  const results = await Promise.allSettled(items.slice(0, MAX_STARTS).map(start));
  for (const result of results) if (result.status === "rejected") errors.push(result.reason);
  return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/**
 * The ids of the open workflows of one kind of instance each. Visibility lags by moments, which only makes a
 * start that finds its workflow running.
 */
async function runningWorkflows(temporal: Client): Promise<Set<string>> {
  const ids = new Set<string>();
  const types = [WORKFLOW_TYPES.claim, WORKFLOW_TYPES.instanceLifecycle, WORKFLOW_TYPES.explode];
  const query = `ExecutionStatus = 'Running' AND WorkflowType IN (${types.map((type) => `'${type}'`).join(", ")})`;
  for await (const { workflowId } of temporal.workflow.list({ query, pageSize: 1000 })) ids.add(workflowId);
  return ids;
}

/** One listing of the driver against what the registry expects to run. */
async function wakeLost({ registry, compute, temporal }: Dependencies): Promise<InstanceId[]> {
  const expected = await listRunning(registry);
  if (expected.length === 0) return [];
  const prefix = `${registry.prefix}-${registry.environment}-`;
  const present = new Set(
    (await compute.list(prefix)).filter((item) => item.running).map((item) => item.name),
  );
  const lost = expected.filter(({ name }) => !present.has(name)).map(({ id }) => id);
  for (const id of lost) await wakeWorkflow(temporal, instanceWorkflowId(id));
  return lost;
}
