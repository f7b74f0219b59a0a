import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { freePort } from "./free-port.ts";
import { type GuardedProcess, startGuarded, stopOnAbort } from "./guarded-process.ts";
import { postgresInstallation } from "./postgres/binaries.ts";
import { clearStalePidFile, ensureCluster, SUPERUSER } from "./postgres/cluster.ts";
import { preparePostgresHome } from "./postgres/home.ts";
import { postgresUser } from "./postgres/system-user.ts";

const DATABASE = "convos";
const READY_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 2_000;
const POLL_MS = 50;
const STOP_GRACE_S = 20;
const LEFTOVER_WAIT_MS = 15_000;
const KEPT_LOG_LINES = 20;
const PORT_ATTEMPTS = 3;

export type PostgresOptions = {
  /** Where the data lives; made when absent. */
  readonly dataDir: string;
  /** Of 127.0.0.1; any free one when not given. */
  readonly port?: number;
  /** Receives each line that Postgres prints. */
  readonly log: (line: string) => void;
  /** A Postgres to use as it is; nothing is started then. */
  readonly externalUrl?: string | undefined;
  /** More `name=value` settings, e.g. for throw-away databases of tests. */
  readonly settings?: readonly string[];
  /** How long to wait for a Postgres that is still stopping on this folder before refusing; 15 s when not given. */
  readonly leftoverWaitMs?: number;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
};

export type RunningPostgres = {
  /** `postgresql://…` with the password: a secret. */
  readonly url: string;
  /** The leader of its process group; undefined for an external server. */
  readonly pid: number | undefined;
  /** Resolves, with its last lines, when Postgres ends; never for an external server. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
};

/**
 * Starts the embedded Postgres on its data folder, or uses an external one. Data survive a restart, fsync is on.
 * Throws when it does not accept connections within a minute, with the last lines it printed.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  if (options.externalUrl) return useExternal(options.externalUrl);
  const dataDir = resolve(options.dataDir);
  const user = await postgresUser();
  const home = await preparePostgresHome(dataDir, postgresInstallation(), user);
  const password = await keepPassword(dataDir);
  await ensureCluster(home, user, password);
  await clearStalePidFile(home.clusterDir, options.leftoverWaitMs ?? LEFTOVER_WAIT_MS);
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const lines: string[] = [];
    const server = await startGuarded({
      command: join(home.installationDir, "bin", "postgres"),
      args: ["-D", home.clusterDir, ...settingFlags(port, options.settings ?? [])],
      cwd: home.clusterDir,
      env: { LC_ALL: "C", PATH: process.env.PATH ?? "" },
      ...(user && { user }),
      stopSignal: "INT",
      graceS: STOP_GRACE_S,
      log: (line) => {
        lines.push(line);
        if (lines.length > KEPT_LOG_LINES) lines.shift();
        options.log(line);
      },
    });
    const url = `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${DATABASE}`;
    const detach = stopOnAbort(server, options.signal);
    const failure = await waitUntilReady(url, server, lines).finally(detach);
    if (failure === undefined) {
      return {
        url,
        pid: server.pid,
        exited: server.exited.then(() => lines.join("\n")),
        stop: async () => void (await server.stop()),
      };
    }
    await server.stop();
    const lostThePort = options.port === undefined && /could not bind|Address already in use/.test(failure);
    if (!lostThePort || attempt === PORT_ATTEMPTS) throw new Error(`Postgres did not start: ${failure}`);
  }
}

/** Errors are logged without their detail and statement: those can hold a caller's words. */
function settingFlags(port: number, more: readonly string[]): string[] {
  const settings = [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    "unix_socket_directories=",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
    ...more,
  ];
  return settings.flatMap((setting) => ["-c", setting]);
}

async function useExternal(url: string): Promise<RunningPostgres> {
  await query(url, "select 1");
  return { url, pid: undefined, exited: new Promise(() => undefined), stop: async () => undefined };
}

/** Undefined when ready, else what went wrong. */
async function waitUntilReady(
  url: string,
  server: GuardedProcess,
  lines: readonly string[],
): Promise<string | undefined> {
  let ended = false;
  void server.exited.then(() => {
    ended = true;
  });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let last = "";
  while (!ended && Date.now() < deadline) {
    try {
      await ensureDatabase(url);
      return undefined;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
      await delay(POLL_MS);
    }
  }
  return ended ? lines.join("\n") : `not ready within ${READY_TIMEOUT_MS} ms: ${last}`;
}

async function ensureDatabase(url: string): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = "/postgres";
  const found = await query(maintenance.href, `select 1 from pg_database where datname = '${DATABASE}'`);
  if (found === 0) await query(maintenance.href, `create database ${DATABASE}`);
}

async function query(url: string, statement: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  await client.connect();
  try {
    return (await client.query(statement)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}

/** The superuser's password is made once and kept beside the cluster, readable by its owner alone. */
async function keepPassword(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  const file = join(dataDir, "password");
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  const password = randomBytes(24).toString("base64url");
  await writeFile(file, password, { mode: 0o600, flag: "wx" });
  return password;
}
