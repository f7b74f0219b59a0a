import { Worker } from "@temporalio/worker";
import { auditActivities } from "../activities/audit-activities.ts";
import { type ExitSource, watchExits } from "../activities/compute/watch-exits.ts";
import { explodeActivities } from "../activities/explode-activities.ts";
import { leakActivities } from "../activities/leak-activities.ts";
import { lifecycleActivities } from "../activities/lifecycle-activities.ts";
import { poolActivities } from "../activities/pool-activities.ts";
import { probeActivities } from "../activities/probe-activities.ts";
import { providerActivities } from "../activities/provider-activities.ts";
import { reconcileActivities } from "../activities/reconcile-activities.ts";
import { listPools } from "../activities/registry/pools.ts";
import { spendActivities } from "../activities/spend-activities.ts";
import { wakePool, wakeWorkflow } from "../activities/workflow-starts.ts";
import { instanceWorkflowId } from "../domain/ids.ts";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import { bundleWorkflows } from "./bundle.ts";
import { compose } from "./compose.ts";
import { reportCrashes } from "./compute-driver.ts";
import type { WorkerConfig } from "./config.ts";
import { runWorkers } from "./run.ts";
import { ensureSchedules } from "./schedules.ts";
import { type ActivityWrapper, commonOptions } from "./worker-options.ts";

/** Of the calls to providers, each of which may hold two while it runs, and of everything else. */
const DATABASE_CONNECTIONS = 50;
const EXIT_WATCH_MS = 1_000;
/** Calls to one provider at a time; OpenRouter throttles above some five. */
const PROVIDER_CONCURRENCY = 5;
const PROVIDER_QUEUES = [
  TASK_QUEUES.openrouter,
  TASK_QUEUES.agentmail,
  TASK_QUEUES.telnyx,
  TASK_QUEUES.bankr,
];

/** All workflows but Claim, the registry's activities, and the providers' task queues. Runs until told to stop. */
export async function runControlWorker(
  config: WorkerConfig,
  wrappers: readonly ActivityWrapper[] = [],
): Promise<void> {
  const { dependencies, connection, dataConverter, budgets, close } = await compose(
    config,
    DATABASE_CONNECTIONS,
  );
  const { temporal, compute, registry } = dependencies;
  const shared = {
    ...commonOptions(wrappers),
    connection,
    dataConverter,
    namespace: config.TEMPORAL_NAMESPACE,
  };

  const control = await Worker.create({
    ...shared,
    taskQueue: TASK_QUEUES.control,
    workflowBundle: await bundleWorkflows(dataConverter),
    activities: {
      ...poolActivities(dependencies),
      ...lifecycleActivities(dependencies),
      ...probeActivities(dependencies),
      ...explodeActivities(dependencies),
      ...reconcileActivities(dependencies),
      ...auditActivities(dependencies),
      ...leakActivities(dependencies),
    },
    maxConcurrentActivityTaskExecutions: 50,
  });
  const providers = await Promise.all(
    PROVIDER_QUEUES.map((taskQueue) =>
      Worker.create({
        ...shared,
        taskQueue,
        activities: { ...providerActivities(dependencies), ...spendActivities(dependencies) },
        maxConcurrentActivityTaskExecutions: PROVIDER_CONCURRENCY,
      }),
    ),
  );

  await ensureSchedules(temporal);
  await reportCrashes(config, registry, budgets);
  for (const pool of await listPools(registry)) await wakePool(temporal, pool);
  const stopWatching = watchesExits(compute)
    ? watchExits(compute, {
        intervalMs: EXIT_WATCH_MS,
        onExit: async (id) => {
          await wakeWorkflow(temporal, instanceWorkflowId(id));
        },
      })
    : undefined;

  await runWorkers([control, ...providers], "workers");
  await stopWatching?.();
  await close();
}

function watchesExits(driver: object): driver is ExitSource {
  return "exited" in driver;
}
