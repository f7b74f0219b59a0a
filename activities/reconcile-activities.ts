import type { Client } from "@temporalio/client";
import { claimWorkflowId, type InstanceId, instanceWorkflowId } from "../domain/ids.ts";
import { WORKFLOW_TYPES } from "../domain/workflow-types.ts";
import type { Dependencies } from "./dependencies.ts";
import { listRunning } from "./registry/instances.ts";
import { listPools } from "./registry/pools.ts";
import { doomedInstances, openClaims, presentInstances } from "./registry/unattended.ts";
import { startClaim, startExplode, startLifecycle, wakePool, wakeWorkflow } from "./workflow-starts.ts";

/** A claim younger than this has its workflow started by the gateway that took it in. */
const CLAIM_GRACE_MS = 5_000;

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
      const findings: ReconcileFindings = { claims: [], lifecycles: [], explodes: [], lost: [] };
      const running = await runningWorkflows(temporal);
      for (const id of await openClaims(registry, CLAIM_GRACE_MS)) {
        if (running.has(claimWorkflowId(id))) continue;
        await startClaim(temporal, id);
        findings.claims.push(id);
      }
      for (const id of await presentInstances(registry)) {
        if (running.has(instanceWorkflowId(id))) continue;
        await startLifecycle(temporal, id);
        findings.lifecycles.push(id);
      }
      for (const { id, reason } of await doomedInstances(registry, quarantineMs)) {
        if (running.has(`explode/${id}`)) continue;
        await startExplode(temporal, id, reason);
        findings.explodes.push(id);
      }
      findings.lost = await wakeLost(deps);
      for (const pool of await listPools(registry)) await wakePool(temporal, pool);
      return findings;
    },
  };
};

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
