/** The claim worker as a program. */
import { Runtime } from "@temporalio/worker";
import { readEnvironment } from "../infra/config/environment.ts";
import { runClaimWorker } from "./claim-worker.ts";
import { WorkerConfig } from "./config.ts";
import { RUNTIME_OPTIONS } from "./run.ts";

Runtime.install(RUNTIME_OPTIONS);
await runClaimWorker(readEnvironment(WorkerConfig, process.env));
