import type { Worker } from "@temporalio/worker";
import { log } from "./log.ts";

/** Prints the ready line once all workers poll, and runs them until the process is told to stop. */
export async function runWorkers(workers: readonly Worker[], name: string): Promise<void> {
  const stop = () => {
    for (const worker of workers) if (worker.getState() === "RUNNING") worker.shutdown();
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  const runs = Promise.all(workers.map((worker) => worker.run()));
  process.stdout.write(`${JSON.stringify({ ready: true, name })}\n`);
  try {
    await runs;
  } catch (error) {
    stop();
    log({ event: "worker-failed", name, error: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

export const RUNTIME_OPTIONS = {
  telemetryOptions: { logging: { filter: { core: "WARN" as const, other: "WARN" as const } } },
  shutdownSignals: [],
};
