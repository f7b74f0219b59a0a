import { ConfigError } from "../infra/config/environment.ts";
import { parseConfig } from "./config.ts";
import { describeError, logToStderr } from "./log.ts";
import { type RunningGateway, startGateway } from "./start.ts";

/** Starts the gateway and prints `{"ready":true,"url":…}` on standard output. SIGTERM and SIGINT stop it. */
async function main(): Promise<void> {
  const gateway = await startGateway(parseConfig(process.env), logToStderr);
  stopOnSignals(gateway);
  process.stdout.write(`${JSON.stringify({ ready: true, url: gateway.url })}\n`);
}

function stopOnSignals(gateway: RunningGateway): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    gateway.stop().catch(fail);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

function fail(error: unknown): void {
  if (error instanceof ConfigError) process.stderr.write(error.message);
  else logToStderr("gateway-failed", describeError(error));
  process.exitCode = 1;
}

await main().catch(fail);
