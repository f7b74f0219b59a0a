import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, Connection } from "@temporalio/client";
import { ProcessDriver } from "../../activities/compute/process/process-driver.ts";
import { openDatabase } from "../../activities/registry/database.ts";
import type { Registry } from "../../activities/registry/registry.ts";
import { localVault } from "../../activities/registry/vault.ts";
import { type PoolName, parsePoolName } from "../../domain/ids.ts";
import { type OpenRouterDouble, startOpenRouterDouble } from "../local/doubles/openrouter/server.ts";
import { freePort } from "../local/free-port.ts";
import { startTemporaryPostgres } from "../local/postgres/temporary.ts";
import { migrate } from "../postgres/migrate.ts";
import { KillableServer } from "./killable-server.ts";
import { startProgram, type TestProgram } from "./program.ts";
import {
  type EquipmentDoubles,
  equipmentEnvironment,
  startEquipmentDoubles,
  UNSPARED_BUDGETS,
} from "./saga/doubles.ts";
import type { SkippingProxy } from "./skipping-proxy.ts";
import { startTestTemporal } from "./test-temporal.ts";

const ROOT = join(import.meta.dirname, "..", "..");

export interface PlatformOptions {
  target: number;
  /** `stand-in`: all agents in one host process. `process`: one process each, of `agentCommand`. */
  compute: "stand-in" | "process" | "railway" | "docker";
  /** Of the platform's programs, beside what all platforms have. */
  environment?: Readonly<Record<string, string>>;
  agentCommand?: readonly string[];
  agentEnvironment?: Readonly<Record<string, string>>;
  surge?: number;
  quarantineMs?: number;
  /** Environment of the stand-in host. */
  standInEnvironment?: Readonly<Record<string, string>>;
  /** Postgres with fsync, as in earnest; for benchmarks. */
  durable?: boolean;
  /** Accounts at all providers, not at OpenRouter alone (`platform.equipment`). */
  allProviders?: boolean;
  /** All speak to Temporal through a proxy that skips time (`platform.time`). */
  skipsTime?: boolean;
}

const CRASH_TIMEOUT_MS = 45_000;

const SCRIPTS = {
  workers: "workers/main.ts",
  claims: "workers/claims-main.ts",
  gateway: "api/main.ts",
  "faulty workers": "infra/testing/saga/faulty-worker.ts",
  "faulty claims": "infra/testing/saga/faulty-worker.ts",
} as const;
export type ProgramName = keyof typeof SCRIPTS;
export type ServerName = "postgres" | "temporal";

/** The platform's own programs on real Postgres and Temporal, each of which a test may kill and start again. */
export class TestPlatform implements AsyncDisposable {
  readonly dir: string;
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly registry: Registry;
  readonly pool: PoolName;
  readonly temporal: Client;
  readonly openrouter: OpenRouterDouble;
  /** With `allProviders`: the others beside OpenRouter. */
  readonly equipment: EquipmentDoubles | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly standInUrl: string | undefined;
  /** What a test may kill and start again on its data. */
  readonly servers: Readonly<Record<ServerName, KillableServer>>;
  readonly #time: SkippingProxy | undefined;
  readonly #programs = new Map<ProgramName, TestProgram>();
  readonly #closers: (() => Promise<void>)[];

  private constructor(parts: {
    dir: string;
    apiUrl: string;
    apiKey: string;
    registry: Registry;
    pool: PoolName;
    temporal: Client;
    openrouter: OpenRouterDouble;
    equipment: EquipmentDoubles | undefined;
    environment: Readonly<Record<string, string>>;
    standInUrl: string | undefined;
    servers: Readonly<Record<ServerName, KillableServer>>;
    closers: (() => Promise<void>)[];
    time: SkippingProxy | undefined;
  }) {
    this.dir = parts.dir;
    this.apiUrl = parts.apiUrl;
    this.apiKey = parts.apiKey;
    this.registry = parts.registry;
    this.pool = parts.pool;
    this.temporal = parts.temporal;
    this.openrouter = parts.openrouter;
    this.equipment = parts.equipment;
    this.environment = parts.environment;
    this.standInUrl = parts.standInUrl;
    this.servers = parts.servers;
    this.#closers = parts.closers;
    this.#time = parts.time;
  }

  static async start(options: PlatformOptions): Promise<TestPlatform> {
    const closers: (() => Promise<void>)[] = [];
    const dir = await mkdtemp(join(tmpdir(), "platform-"));
    closers.push(() => rm(dir, { recursive: true, force: true }));
    const postgres = await startTemporaryPostgres(options.durable ?? false);
    closers.push(() => postgres.stop());
    await migrate(postgres.url);
    const temporal = await startTestTemporal(join(dir, "temporal"), options.skipsTime);
    closers.push(() => temporal.stop());
    const servers = {
      postgres: await KillableServer.of("postgres", postgres, () => postgres.startAgain()),
      temporal: temporal.server,
    };
    const openrouter = await startOpenRouterDouble({
      recordRequests: true,
      managementKey: `management-${randomBytes(16).toString("hex")}`,
    });
    closers.push(() => openrouter.close());
    const equipment = options.allProviders ? await startEquipmentDoubles() : undefined;
    if (equipment) closers.push(() => equipment.close());
    const masterKey = randomBytes(32);
    const db = openDatabase(postgres.url, { maxConnections: 4, onError: () => undefined });
    closers.push(() => db.destroy());
    const connection = await Connection.connect({ address: temporal.address });
    closers.push(() => connection.close());
    const pool = parsePoolName("default");
    if (!pool) throw new Error("the pool's name must be one");

    let standInUrl: string | undefined;
    if (options.compute === "stand-in") {
      const host = await startProgram({
        script: join(ROOT, "infra/local/stand-in-agent/host.ts"),
        env: options.standInEnvironment ?? {},
        logFile: join(dir, "stand-in-host.log"),
      });
      closers.push(() => host.stop());
      standInUrl = `http://127.0.0.1:${String(host.ready.listening)}`;
    }
    const apiPort = await freePort();
    const apiUrl = `http://127.0.0.1:${apiPort}`;
    const apiKey = randomBytes(24).toString("hex");
    const newSigningKey = (): string =>
      generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
    await mkdir(join(dir, "agents"));
    return new TestPlatform({
      dir,
      apiUrl,
      apiKey,
      pool,
      openrouter,
      equipment,
      standInUrl,
      servers,
      closers,
      time: temporal.time,
      registry: {
        db,
        vault: localVault({ master: masterKey, previous: [], digest: masterKey }),
        environment: "test",
        prefix: "cv",
      },
      temporal: new Client({ connection }),
      environment: {
        DATABASE_URL: postgres.url,
        TEMPORAL_ADDRESS: temporal.address,
        MASTER_KEY: masterKey.toString("base64"),
        RECEIPT_KEY: newSigningKey(),
        ATTESTATION_KEYS: newSigningKey(),
        ENVIRONMENT: "test",
        API_PORT: String(apiPort),
        API_KEY: apiKey,
        PUBLIC_API_URL: apiUrl,
        XMTP_ENV: "local",
        POOL_TARGET: String(options.target),
        POOL_SURGE: String(options.surge ?? 10),
        OPENROUTER_BASE_URL: openrouter.url,
        OPENROUTER_MANAGEMENT_KEY: openrouter.managementKey,
        PROVIDER_BUDGETS: JSON.stringify(UNSPARED_BUDGETS),
        COMPUTE: options.compute,
        COMPUTE_DIR: join(dir, "agents"),
        AGENT_COMMAND: JSON.stringify(
          options.agentCommand ?? [process.execPath, join(ROOT, "infra/local/stand-in-agent/main.ts")],
        ),
        AGENT_ENVIRONMENT: JSON.stringify({ GATEWAY_URL: apiUrl, ...options.agentEnvironment }),
        QUARANTINE_MS: String(options.quarantineMs ?? 1_000),
        ...(equipment ? equipmentEnvironment(equipment) : {}),
        ...(standInUrl ? { STAND_IN_URL: standInUrl } : {}),
        ...options.environment,
      },
    });
  }

  async run(...names: ProgramName[]): Promise<void> {
    await Promise.all(names.map((name) => this.runWith(name, {})));
  }

  /** Runs a program with more environment than the others have. */
  async runWith(name: ProgramName, more: Readonly<Record<string, string>>): Promise<void> {
    this.#programs.set(name, await this.#start(name, SCRIPTS[name], more));
  }

  /** Runs a worker until it has killed itself at the point (`crashing-worker.ts`). */
  async crashWorker(worker: "control" | "claims", point: string): Promise<void> {
    const program = await this.#start(`crash-${worker}`, "infra/testing/crashing-worker.ts", {
      WORKER: worker,
      CRASH_AT: point,
    });
    const gaveUp = AbortSignal.timeout(CRASH_TIMEOUT_MS);
    await Promise.race([
      program.exited,
      once(gaveUp, "abort").then(async () => {
        await program.kill();
        throw new Error(`the worker never came to ${point}`);
      }),
    ]);
  }

  /** Of the Temporal server itself, for tests that stop it for a while. */
  get temporalPid(): number {
    return this.servers.temporal.pid;
  }

  async #start(
    name: string,
    script: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<TestProgram> {
    const logFile = join(this.dir, `${name}.log`);
    return startProgram({ script: join(ROOT, script), env: { ...this.environment, ...more }, logFile });
  }

  /** Of a platform that skips time. */
  get time(): SkippingProxy {
    if (!this.#time) throw new Error("this platform does not skip time");
    return this.#time;
  }

  program(name: ProgramName): TestProgram {
    const program = this.#programs.get(name);
    if (!program) throw new Error(`${name} does not run`);
    return program;
  }

  async kill(name: ProgramName): Promise<void> {
    await this.program(name).kill();
    this.#programs.delete(name);
  }

  /** What the gateway says about the instance. */
  async instance(id: string): Promise<Record<string, unknown>> {
    return (await this.request("GET", `/api/instances/${id}`)).body;
  }

  async counts(): Promise<Record<string, unknown>> {
    return (await this.request("GET", "/api/pool/counts")).body;
  }

  claim(
    key: string,
    body: object = {},
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
    const claim = { instructions: "You are our trip planner", waitMs: 60_000, ...body };
    return this.request("POST", "/api/pool/claim", claim, { "idempotency-key": key });
  }

  /** A request with the API key; the body's type is for the caller to know. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
    const response = await fetch(`${this.apiUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.apiKey}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const parsed: unknown = await response.json();
    return { status: response.status, body: Object(parsed), headers: response.headers };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program.stop()));
    const command = [process.execPath];
    await new ProcessDriver({ rootDir: join(this.dir, "agents"), command, launchTimeoutMs: 1 }).stopAll();
    for (const close of this.#closers.reverse()) await close();
  }
}
