import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Connection } from "@temporalio/client";
import { freePort, isPortFree } from "./free-port.ts";
import { type GuardedProcess, startGuarded, stopOnAbort } from "./guarded-process.ts";
import type { TemporalCli } from "./temporal/cli.ts";
import { ensureNamespace, SEARCH_ATTRIBUTES } from "./temporal/search-attributes.ts";

const READY_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 2_000;
const POLL_MS = 100;
const STOP_GRACE_S = 10;
const KEPT_LOG_LINES = 20;

/**
 * The dev server has one history shard, and each of its queues polls at most 20 times a second: every hop of a busy
 * workflow would wait up to 50 ms. The other value is the width of the id column of a production server.
 */
export const DYNAMIC_CONFIG = {
  "history.transferProcessorMaxPollRPS": 2000,
  "history.timerProcessorMaxPollRPS": 2000,
  "history.visibilityProcessorMaxPollRPS": 2000,
  "limit.maxIDLength": 255,
} as const;

export type TemporalOptions = {
  readonly cli: TemporalCli;
  /** Where its SQLite file lives; made when absent. */
  readonly dir: string;
  /** Any free port when not given. */
  readonly port?: number;
  readonly uiPort?: number;
  /** Without the Web UI. */
  readonly headless?: boolean;
  readonly namespace?: string;
  readonly ip?: string;
  /** Beside `DYNAMIC_CONFIG`. */
  readonly dynamicConfig?: Readonly<Record<string, string | number | boolean>>;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
  /** Receives each line that the server prints: JSON, warnings and worse. */
  readonly log: (line: string) => void;
};

export type RunningTemporal = {
  /** `host:port` of the gRPC frontend. */
  readonly address: string;
  readonly uiUrl: string | undefined;
  readonly pid: number;
  /** Resolves, with its last lines, when the server ends. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
};

/**
 * Starts the dev server on its SQLite file (named after the server's version: a schema is made only with the file)
 * and waits until the namespace, the search attributes and the UI answer. Throws with its last lines otherwise.
 */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const { cli, headless = false, ip = "127.0.0.1", namespace = "default" } = options;
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true });
  const port = options.port ?? (await freePort());
  // Checked first: with the port taken, the answers below would come from whoever has it.
  if (!(await isPortFree(port))) throw new Error(`Temporal did not start: port ${port} is taken`);
  const uiPort = headless ? undefined : (options.uiPort ?? (await freePort()));
  const lines: string[] = [];
  const server = await startGuarded({
    command: cli.path,
    args: [
      ...["server", "start-dev", "--ip", ip, "--port", String(port)],
      ...(uiPort === undefined ? ["--headless"] : ["--ui-port", String(uiPort)]),
      ...["--db-filename", join(dir, `temporal-${cli.version}-server-${cli.serverVersion}.db`)],
      ...["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"],
      ...["--log-level", "warn", "--log-format", "json", "--disable-config-file", "--disable-config-env"],
      ...["--namespace", namespace],
      ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
        "--search-attribute",
        `${name}=${type}`,
      ]),
      ...Object.entries({ ...DYNAMIC_CONFIG, ...options.dynamicConfig }).flatMap(([key, value]) => [
        "--dynamic-config-value",
        `${key}=${JSON.stringify(value)}`,
      ]),
    ],
    cwd: dir,
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? dir },
    stopSignal: "TERM",
    graceS: STOP_GRACE_S,
    log: (line) => {
      lines.push(line);
      if (lines.length > KEPT_LOG_LINES) lines.shift();
      options.log(line);
    },
  });
  const address = `${ip}:${port}`;
  const uiUrl = uiPort === undefined ? undefined : `http://${ip}:${uiPort}`;
  const detach = stopOnAbort(server, options.signal);
  try {
    await waitUntilReady(server, async () => {
      await prepare(address, namespace);
      if (uiUrl) await fetch(uiUrl, { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    });
  } catch (error) {
    await server.stop();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Temporal did not start: ${reason}\n${lines.join("\n")}`, { cause: error });
  } finally {
    detach();
  }
  return {
    address,
    uiUrl,
    pid: server.pid,
    exited: server.exited.then(() => lines.join("\n")),
    stop: async () => void (await server.stop()),
  };
}

async function prepare(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: CONNECT_TIMEOUT_MS });
  try {
    await ensureNamespace(connection, namespace);
  } finally {
    await connection.close();
  }
}

async function waitUntilReady(server: GuardedProcess, check: () => Promise<void>): Promise<void> {
  let ended = false;
  void server.exited.then(() => {
    ended = true;
  });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      await check();
      if (!ended) return;
    } catch (error) {
      if (!ended && Date.now() > deadline) throw error;
    }
    if (ended) throw new Error("it ended");
    await delay(POLL_MS);
  }
}
