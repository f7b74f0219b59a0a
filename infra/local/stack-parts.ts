import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { choosePort } from "./choose-port.ts";
import type { ProviderName } from "./doubles/providers.ts";
import { freePort } from "./free-port.ts";
import { type NodeChild, startNodeChild } from "./node-child.ts";
import { DEFAULT_PORTS, type LocalOptions } from "./options.ts";
import { startPostgres } from "./postgres.ts";
import { doublesEnvironment } from "./provider-accounts.ts";
import type { LocalSecrets } from "./secrets.ts";
import type { Settings } from "./settings.ts";
import { rotateLog, type StateDir } from "./state-dir.ts";
import type { Supervisor } from "./supervisor.ts";
import { findTemporal, type TemporalSource } from "./temporal/find.ts";
import { prepareExistingServer } from "./temporal/search-attributes.ts";
import { startTemporal } from "./temporal.ts";

/** What every part needs to start. */
export type PartContext = {
  readonly root: string;
  readonly options: LocalOptions;
  readonly settings: Settings;
  readonly state: StateDir;
  readonly secrets: LocalSecrets;
  /** First user id of the agents' model gateways; undefined when they cannot have users of their own. */
  readonly agentUidBase: number | undefined;
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
};

const FOREIGN_READY_MS = 60_000;

export type TemporalEndpoint = {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | undefined;
  readonly source: TemporalSource;
};

/** Returns the database's URL. */
export async function runPostgres({ settings, state, supervisor }: PartContext): Promise<string> {
  const log = await openLog(state, "postgres");
  const port = await freePort();
  const { url } = await supervisor.run("postgres", (signal) =>
    startPostgres({ dataDir: state.postgres, port, log, externalUrl: settings.DATABASE_URL, signal }),
  );
  return url;
}

export async function runTemporal(context: PartContext): Promise<TemporalEndpoint> {
  const { options, settings, state, supervisor, note } = context;
  const namespace = settings.TEMPORAL_NAMESPACE ?? "default";
  const source = await findTemporal({ env: settings, note, signal: context.signal });
  if (source.kind === "server") {
    await prepareExistingServer(source.address, namespace);
    return { address: source.address, namespace, uiUrl: settings.TEMPORAL_UI_URL, source };
  }
  const log = await openLog(state, "temporal");
  const choose = (part: string, asked: number | undefined, usual: number) =>
    choosePort({ part, asked, usual, note });
  const port = await choose("Temporal", undefined, DEFAULT_PORTS.temporal);
  const uiPort = options.headless
    ? undefined
    : await choose("the Temporal UI", options.uiPort, DEFAULT_PORTS.temporalUi);
  const { address, uiUrl } = await supervisor.run("temporal", (signal) =>
    startTemporal({
      ...{ cli: source, dir: state.temporal, port, namespace, log, signal },
      ...(uiPort === undefined ? { headless: true } : { uiPort }),
    }),
  );
  return { address, namespace, uiUrl, source };
}

/** Returns the URL of the local network's node. */
export async function runXmtpNode(context: PartContext): Promise<string> {
  const { options, state, note } = context;
  const { asked, usual } = { asked: options.xmtpPort, usual: DEFAULT_PORTS.xmtp };
  const port = await choosePort({ part: "the XMTP node", asked, usual, note });
  const { ready } = await runOwnProgram(context, {
    name: "xmtp-node",
    script: "infra/local/xmtp-node/main.ts",
    args: ["--port", String(port), "--control-port", String(await freePort()), "--data", state.xmtp],
    env: {},
    readyTimeoutMs: FOREIGN_READY_MS,
    graceS: 10,
  });
  return textField(ready, "url");
}

/** Returns the environment by which the platform reaches the doubles of these providers. */
export async function runDoubles(
  context: PartContext,
  providers: readonly ProviderName[],
): Promise<Record<string, string>> {
  const { state, secrets } = context;
  const ports: string[] = [];
  for (const name of providers) ports.push("--port", `${name}=${await freePort()}`);
  const { ready } = await runOwnProgram(context, {
    name: "doubles",
    script: "infra/local/doubles/main.ts",
    args: ["--data", state.doubles, ...ports],
    env: { DOUBLES_SECRET: secrets.doublesSecret },
    readyTimeoutMs: FOREIGN_READY_MS,
    graceS: 10,
  });
  return doublesEnvironment(providers, ready);
}

export async function runOwnProgram(
  { root, settings, state, supervisor }: PartContext,
  program: {
    readonly name: string;
    readonly script: string;
    readonly args?: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    /** On top of it at the first start, not at a restart. */
    readonly firstEnv?: Readonly<Record<string, string>>;
    readonly readyTimeoutMs: number;
    readonly graceS: number;
  },
): Promise<NodeChild> {
  const logFile = state.log(program.name);
  await rotateLog(logFile);
  let { firstEnv } = program;
  return supervisor.run(program.name, (signal) => {
    const env = { ...settings, ...program.env, ...firstEnv };
    firstEnv = undefined;
    return startNodeChild({
      script: join(root, program.script),
      args: program.args ?? [],
      cwd: root,
      env,
      logFile,
      readyTimeoutMs: program.readyTimeoutMs,
      graceS: program.graceS,
      signal,
    });
  });
}

async function openLog(state: StateDir, part: string): Promise<(line: string) => void> {
  const file = state.log(part);
  await rotateLog(file);
  const stream = createWriteStream(file, { flags: "a", mode: 0o600 });
  return (line) => void stream.write(`${line}\n`);
}

function textField(value: unknown, name: string): string {
  const found =
    typeof value === "object" && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
  if (typeof found !== "string") throw new Error(`the ready line lacks ${name}`);
  return found;
}
