/** The claim worker as a program. */
import { Runtime } from "@temporalio/worker";
import { runClaimWorker } from "./claim-worker.ts";
import { parseConfig } from "./config.ts";
import { RUNTIME_OPTIONS } from "./run.ts";

Runtime.install(RUNTIME_OPTIONS);
await runClaimWorker(parseConfig(process.env));
