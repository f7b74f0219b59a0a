/** The control worker as a program. */
import { Runtime } from "@temporalio/worker";
import { parseConfig } from "./config.ts";
import { runControlWorker } from "./control-worker.ts";
import { RUNTIME_OPTIONS } from "./run.ts";

Runtime.install(RUNTIME_OPTIONS);
await runControlWorker(parseConfig(process.env));
