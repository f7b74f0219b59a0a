import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withFileLock } from "../local/file-lock.ts";
import { identify } from "../local/process-identity.ts";
import { failureOfThisRun, rememberFailure } from "./install-failure.ts";
import { npmCi } from "./npm-ci.ts";

/** What the packages hold for all systems is some 550 MB. */
export const INSTALL_TIMEOUT_MS = 10 * 60_000;

const MANIFESTS = ["package.json", "package-lock.json"];
const NAME = "convos-cli";
const STAMP = "installed";
/** A folder that only the process in its name uses: what it installs, or what it has replaced. */
const PRIVATE = /^convos-cli\.(\d+)\.(partial|old)$/;
/** Patient with an npm that has just lost its parent and is about to end. */
const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 500 } as const;

export interface InstallPlaces {
  /** The folder with the manifest and the lock file. */
  readonly source: string;
  /** The folder below which the client is installed. */
  readonly cache: string;
}

const PLACES: InstallPlaces = {
  source: join(import.meta.dirname, "client"),
  cache: join(import.meta.dirname, "..", "..", ".cache"),
};

/**
 * Installs Convos's own command-line client where it is missing or another one than the lock file's, apart from the
 * platform's packages, whose tree it would not fit into. Resolves to the script that runs it. Rejects with what npm
 * said last; the test files that come after the one whose installation failed hear the same at once.
 */
export async function installClient(places: InstallPlaces = PLACES): Promise<string> {
  const { source, cache } = places;
  const home = join(cache, NAME);
  const wanted = await stampOf(source);
  if (!(await isInstalled(home, wanted))) {
    await mkdir(cache, { recursive: true });
    await withFileLock(join(cache, `${NAME}.lock`), { waitMs: INSTALL_TIMEOUT_MS }, async () => {
      if (!(await isInstalled(home, wanted))) await installOnce(places, wanted);
    });
  }
  return join(home, "node_modules", "@xmtp", "convos-cli", "bin", "run.js");
}

/** The packages hold what every system needs: the same files are right for another one. */
async function stampOf(source: string): Promise<string> {
  const hash = createHash("sha256");
  for (const name of MANIFESTS) hash.update(await readFile(join(source, name)));
  return hash.digest("hex");
}

async function isInstalled(home: string, stamp: string): Promise<boolean> {
  const found = await readFile(join(home, STAMP), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return found === stamp;
}

async function installOnce(places: InstallPlaces, stamp: string): Promise<void> {
  const memory = join(places.cache, `${NAME}.failed`);
  const failure = await failureOfThisRun(memory);
  if (failure !== undefined) throw new Error(`another test file of this run has tried: ${failure}`);
  await removeLeftovers(places.cache);
  try {
    await install(places, stamp);
  } catch (error) {
    await rememberFailure(memory, error instanceof Error ? error.message : String(error));
    throw error;
  }
  await rm(memory, { force: true });
}

/** The folder appears under its name when it is complete: whoever is killed meanwhile leaves nothing half-done there. */
async function install({ source, cache }: InstallPlaces, stamp: string): Promise<void> {
  const [home, own] = [join(cache, NAME), join(cache, `${NAME}.${process.pid}`)];
  const [partial, old] = [`${own}.partial`, `${own}.old`];
  try {
    await mkdir(partial);
    for (const name of MANIFESTS) await copyFile(join(source, name), join(partial, name));
    await npmCi(partial, INSTALL_TIMEOUT_MS);
    await writeFile(join(partial, STAMP), stamp);
    await rename(home, old).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    await rename(partial, home);
  } finally {
    await rm(partial, REMOVAL);
    await rm(old, REMOVAL);
  }
}

/** Of processes that were killed. One of our own number is another's, who had it before. */
async function removeLeftovers(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const pid = Number(PRIVATE.exec(name)?.[1]);
    if (Number.isNaN(pid)) continue;
    if (pid === process.pid || (await identify(pid)) === undefined) await rm(join(cache, name), REMOVAL);
  }
}
