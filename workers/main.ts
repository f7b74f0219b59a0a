/** The control worker: all workflows but Claim, the registry's activities, and the providers' task queues. */
import { Runtime, Worker } from "@temporalio/worker";
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
import { readEnvironment } from "../infra/config/environment.ts";
import { bundleWorkflows } from "./bundle.ts";
import { compose } from "./compose.ts";
import { WorkerConfig } from "./config.ts";
import { ensureReconcileSchedule } from "./reconcile-schedule.ts";
import { RUNTIME_OPTIONS, runWorkers } from "./run.ts";
import { COMMON_OPTIONS } from "./worker-options.ts";

const DATABASE_CONNECTIONS = 10;
const EXIT_WATCH_MS = 1_000;

const config = readEnvironment(WorkerConfig, process.env);
Runtime.install(RUNTIME_OPTIONS);
const { dependencies, connection, close } = await compose(config, DATABASE_CONNECTIONS);
const { temporal, compute, registry } = dependencies;

const control = await Worker.create({
  ...COMMON_OPTIONS,
  connection,
  namespace: config.TEMPORAL_NAMESPACE,
  taskQueue: TASK_QUEUES.control,
  workflowBundle: await bundleWorkflows(),
  activities: {
    ...poolActivities(dependencies),
    ...lifecycleActivities(dependencies),
    ...explodeActivities(dependencies),
    ...reconcileActivities(dependencies),
  },
  maxConcurrentActivityTaskExecutions: 50,
});
const openrouter = await Worker.create({
  ...COMMON_OPTIONS,
  connection,
  namespace: config.TEMPORAL_NAMESPACE,
  taskQueue: TASK_QUEUES.openrouter,
  activities: providerActivities(dependencies),
  // The provider throttles above some five calls at a time.
  maxConcurrentActivityTaskExecutions: 5,
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

function watchesExits(driver: object): driver is ExitSource {
  return "exited" in driver;
}
