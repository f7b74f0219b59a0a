import { parseArgs } from "node:util";
import { PROVIDER_DOUBLES, type ProviderName, type RunningDouble } from "./providers.ts";

const USAGE = "usage: main.ts [--data DIR] [--port PROVIDER=PORT]… [--record-requests]";

/**
 * Starts the doubles of the named providers, or of all, and prints one JSON line when they are ready: per provider its
 * URL and what a client needs to be let in. SIGTERM and SIGINT stop them.
 */
async function main(): Promise<void> {
  const { data, ports, recordRequests } = readFlags();
  // It comes by the environment, as process arguments can be read by everyone.
  const secret = process.env.DOUBLES_SECRET;
  const running: [ProviderName, RunningDouble][] = [];
  const stopAll = async () => {
    await Promise.all(running.map(([, double]) => double.close()));
  };
  try {
    for (const [name, port] of ports)
      running.push([name, await PROVIDER_DOUBLES[name]({ port, dataDir: data, secret, recordRequests })]);
  } catch (error) {
    await stopAll();
    throw error;
  }
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    stopAll().catch(fail);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  const ready = Object.fromEntries(running.map(([name, { access }]) => [name, access]));
  process.stdout.write(`${JSON.stringify({ ready: true, ...ready })}\n`);
}

function readFlags() {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      port: { type: "string", multiple: true, default: [] },
      "record-requests": { type: "boolean", default: false },
    },
    strict: true,
    allowPositionals: false,
  });
  const asked = new Map(values.port.map(readPort));
  const names = Object.keys(PROVIDER_DOUBLES).filter(isProvider);
  const ports = asked.size > 0 ? asked : new Map(names.map((name) => [name, 0]));
  return { data: values.data, ports, recordRequests: values["record-requests"] };
}

function readPort(flag: string): [ProviderName, number] {
  const [name = "", text = ""] = flag.split("=");
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!isProvider(name) || !(port >= 0 && port <= 65_535))
    throw new Error(`--port: not PROVIDER=PORT. ${USAGE}`);
  return [name, port];
}

function isProvider(name: string): name is ProviderName {
  return Object.hasOwn(PROVIDER_DOUBLES, name);
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : "unknown failure"}\n${USAGE}\n`);
  process.exitCode = 1;
}

main().catch(fail);
