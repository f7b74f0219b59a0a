import { Worker } from "@temporalio/worker";
import { auditActivities } from "../activities/audit-activities.ts";
import { type ExitSource, watchExits } from "../activities/compute/watch-exits.ts";
import { explodeActivities } from "../activities/explode-activities.ts";
import { lifecycleActivities } from "../activities/lifecycle-activities.ts";
import { poolActivities } from "../activities/pool-activities.ts";
import { providerActivities } from "../activities/provider-activities.ts";
import { reconcileActivities } from "../activities/reconcile-activities.ts";
import { listPools } from "../activities/registry/pools.ts";
import { wakePool, wakeWorkflow } from "../activities/workflow-starts.ts";
import { instanceWorkflowId } from "../domain/ids.ts";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import { bundleWorkflows } from "./bundle.ts";
import { compose } from "./compose.ts";
import type { WorkerConfig } from "./config.ts";
import { ensureReconcileSchedule } from "./reconcile-schedule.ts";
import { runWorkers } from "./run.ts";
import { type ActivityWrapper, commonOptions } from "./worker-options.ts";

const DATABASE_CONNECTIONS = 10;
const EXIT_WATCH_MS = 1_000;
/** The provider throttles above some five calls at a time. */
const OPENROUTER_CONCURRENCY = 5;

/** All workflows but Claim, the registry's activities, and the providers' task queues. Runs until told to stop. */
export async function runControlWorker(
  config: WorkerConfig,
  wrappers: readonly ActivityWrapper[] = [],
): Promise<void> {
  const { dependencies, connection, close } = await compose(config, DATABASE_CONNECTIONS);
  const { temporal, compute, registry } = dependencies;
  const shared = { ...commonOptions(wrappers), connection, namespace: config.TEMPORAL_NAMESPACE };

  const control = await Worker.create({
    ...shared,
    taskQueue: TASK_QUEUES.control,
    workflowBundle: await bundleWorkflows(),
    activities: {
      ...poolActivities(dependencies),
      ...lifecycleActivities(dependencies),
      ...explodeActivities(dependencies),
      ...reconcileActivities(dependencies),
      ...auditActivities(dependencies),
    },
    maxConcurrentActivityTaskExecutions: 50,
  });
  const openrouter = await Worker.create({
    ...shared,
    taskQueue: TASK_QUEUES.openrouter,
    activities: providerActivities(dependencies),
    maxConcurrentActivityTaskExecutions: OPENROUTER_CONCURRENCY,
  });

  await ensureReconcileSchedule(temporal);
  for (const pool of await listPools(registry)) await wakePool(temporal, pool);
  const stopWatching = watchesExits(compute)
    ? watchExits(compute, {
        intervalMs: EXIT_WATCH_MS,
        onExit: async (id) => {
          await wakeWorkflow(temporal, instanceWorkflowId(id));
        },
      })
    : undefined;

  await runWorkers([control, openrouter], "workers");
  await stopWatching?.();
  await close();
}

function watchesExits(driver: object): driver is ExitSource {
  return "exited" in driver;
}
