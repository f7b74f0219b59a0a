/** The claim worker: a process of its own, so that nothing else ever stands in a caller's way. */
import { Runtime, Worker } from "@temporalio/worker";
import { claimActivities } from "../activities/claim-activities.ts";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import { readEnvironment } from "../infra/config/environment.ts";
import { bundleWorkflows } from "./bundle.ts";
import { compose } from "./compose.ts";
import { WorkerConfig } from "./config.ts";
import { RUNTIME_OPTIONS, runWorkers } from "./run.ts";
import { COMMON_OPTIONS } from "./worker-options.ts";

const DATABASE_CONNECTIONS = 10;

const config = readEnvironment(WorkerConfig, process.env);
Runtime.install(RUNTIME_OPTIONS);
const { dependencies, connection, close } = await compose(config, DATABASE_CONNECTIONS);
const worker = await Worker.create({
  ...COMMON_OPTIONS,
  connection,
  namespace: config.TEMPORAL_NAMESPACE,
  taskQueue: TASK_QUEUES.claims,
  workflowBundle: await bundleWorkflows(),
  activities: claimActivities(dependencies),
});

await runWorkers([worker], "claim-worker");
await close();
