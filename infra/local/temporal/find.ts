import { access, constants, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { inspectCli, type TemporalCli } from "./cli.ts";
import { GO_CLI_VERSION, installWithGo } from "./install-with-go.ts";
import { downloadWithSdk } from "./sdk-download.ts";

export type Skipped = { readonly source: string; readonly reason: string };

/** A server that runs already, or a CLI to start one with; and why the sources before it were not taken. */
export type TemporalSource =
  | {
      readonly kind: "server";
      readonly address: string;
      readonly source: string;
      readonly skipped: Skipped[];
    }
  | ({ readonly kind: "cli"; readonly source: string; readonly skipped: Skipped[] } & TemporalCli);

export type FindTemporalOptions = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Receives a sentence when a step takes long. */
  readonly note: (text: string) => void;
  /** Where downloads and builds are kept; `defaultCacheDir(env)` when not given. */
  readonly cacheDir?: string;
  /** The steps that need a network, in order; tests replace them. */
  readonly installers?: readonly Installer[];
  /** Ends a download or build that is under way. */
  readonly signal?: AbortSignal;
};

export type Installer = {
  readonly source: string;
  /** Leaves the program in the folder and returns its path; throws a sentence that says why not. */
  readonly install: (folder: string, note: (text: string) => void, signal?: AbortSignal) => Promise<string>;
  /** Its folder within the cache. */
  readonly folder: string;
};

const INSTALLERS: readonly Installer[] = [
  { source: "the SDK's download", folder: "sdk-download", install: downloadWithSdk },
  {
    source: `go install …/temporal@v${GO_CLI_VERSION}`,
    folder: `go-install-${GO_CLI_VERSION}`,
    install: installWithGo,
  },
];

export function defaultCacheDir(env: FindTemporalOptions["env"]): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "convos-agents", "temporal");
}

/**
 * Takes the first that works of: `TEMPORAL_ADDRESS`, `TEMPORAL_CLI_PATH`, `temporal` on PATH, the cache, the SDK's own
 * pinned download, a build from source with Go. A setting that names something unusable is an error, never skipped:
 * whoever set it would not expect another server.
 */
export async function findTemporal(options: FindTemporalOptions): Promise<TemporalSource> {
  const { env, note } = options;
  const skipped: Skipped[] = [];
  if (env.TEMPORAL_ADDRESS) {
    return { kind: "server", address: env.TEMPORAL_ADDRESS, source: "TEMPORAL_ADDRESS", skipped };
  }
  skipped.push({ source: "TEMPORAL_ADDRESS", reason: "not set" });

  if (env.TEMPORAL_CLI_PATH) {
    const cli = await inspectCli(env.TEMPORAL_CLI_PATH);
    return { kind: "cli", source: "TEMPORAL_CLI_PATH", skipped, ...cli };
  }
  skipped.push({ source: "TEMPORAL_CLI_PATH", reason: "not set" });

  const cacheDir = options.cacheDir ?? defaultCacheDir(env);
  const installers = options.installers ?? INSTALLERS;
  const attempts: { source: string; find: () => Promise<string> }[] = [
    { source: "PATH", find: () => onPath(env.PATH ?? "") },
    ...installers.map(({ source, folder }) => ({
      source: `cache (${source})`,
      find: () => cachedProgram(join(cacheDir, folder)),
    })),
    ...installers.map(({ source, folder, install }) => ({
      source,
      find: () => install(join(cacheDir, folder), note, options.signal),
    })),
  ];
  for (const { source, find } of attempts) {
    try {
      const cli = await inspectCli(await find());
      return { kind: "cli", source, skipped, ...cli };
    } catch (error) {
      options.signal?.throwIfAborted();
      skipped.push({ source, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  const reasons = skipped.map(({ source, reason }) => `  ${source}: ${reason}`).join("\n");
  throw new Error(
    `no Temporal server was found:\n${reasons}\n` +
      "Install the Temporal CLI (https://docs.temporal.io/cli), or set TEMPORAL_CLI_PATH or TEMPORAL_ADDRESS.",
  );
}

async function onPath(path: string): Promise<string> {
  for (const folder of path.split(delimiter)) {
    const program = join(folder, "temporal");
    if (isAbsolute(folder) && (await isExecutable(program))) return program;
  }
  throw new Error("no program named temporal");
}

/** The one program in the folder; unfinished downloads have a suffix. */
async function cachedProgram(folder: string): Promise<string> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const name of names.filter(
    (name) => name.startsWith("temporal") && !/\.(downloading|lock)$/.test(name),
  )) {
    if (await isExecutable(join(folder, name))) return join(folder, name);
  }
  throw new Error("empty");
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
