import { parseArgs } from "node:util";
import { DEFAULT_MANAGEMENT_KEY, startOpenRouterDouble } from "./openrouter/server.ts";

const USAGE = "usage: main.ts [--data DIR] [--openrouter-port PORT] [--record-requests]";

/** Starts the provider doubles and prints one JSON line when they are ready. SIGTERM and SIGINT stop them. */
async function main(): Promise<void> {
  const { data, port, recordRequests } = readFlags();
  // The key comes by the environment, as process arguments can be read by everyone.
  const managementKey = process.env.OPENROUTER_DOUBLE_MANAGEMENT_KEY ?? DEFAULT_MANAGEMENT_KEY;
  const openrouter = await startOpenRouterDouble({
    port,
    managementKey,
    recordRequests,
    ...(data === undefined ? {} : { dataDir: data }),
  });
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    openrouter.close().catch(fail);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  const ready = { ready: true, openrouter: { url: openrouter.url, managementKey: openrouter.managementKey } };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

function readFlags(): { data: string | undefined; port: number; recordRequests: boolean } {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      "openrouter-port": { type: "string", default: "0" },
      "record-requests": { type: "boolean", default: false },
    },
    strict: true,
    allowPositionals: false,
  });
  const port = Number(values["openrouter-port"]);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--openrouter-port: not a port. ${USAGE}`);
  return { data: values.data, port, recordRequests: values["record-requests"] };
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : "unknown failure"}\n${USAGE}\n`);
  process.exitCode = 1;
}

main().catch(fail);
