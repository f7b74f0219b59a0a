import { Worker } from "@temporalio/worker";
import { claimActivities } from "../activities/claim-activities.ts";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import { bundleWorkflows } from "./bundle.ts";
import { compose } from "./compose.ts";
import type { WorkerConfig } from "./config.ts";
import { runWorkers } from "./run.ts";
import { type ActivityWrapper, commonOptions } from "./worker-options.ts";

const DATABASE_CONNECTIONS = 10;

/** The Claim workflow and its hand-over, in a process of its own: nothing else stands in a caller's way. */
export async function runClaimWorker(
  config: WorkerConfig,
  wrappers: readonly ActivityWrapper[] = [],
): Promise<void> {
  const { dependencies, connection, dataConverter, close } = await compose(config, DATABASE_CONNECTIONS);
  const worker = await Worker.create({
    ...commonOptions(wrappers),
    connection,
    dataConverter,
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: TASK_QUEUES.claims,
    workflowBundle: await bundleWorkflows(dataConverter),
    activities: claimActivities(dependencies),
  });
  await runWorkers([worker], "claim-worker");
  await close();
}
