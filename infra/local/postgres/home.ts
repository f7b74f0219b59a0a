import { createHash } from "node:crypto";
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { SystemUser } from "./system-user.ts";

/** Written into the data folder when the cluster itself had to live elsewhere. */
const LOCATION_FILE = "location";
const SHARED_ROOT = "/var/tmp";
const SHARED_PREFIX = "convos-agents-";
/** Written into a folder of the shared root: the data folder it belongs to. */
const ORIGIN_FILE = "origin";

export type PostgresHome = {
  /** The cluster (PGDATA). */
  readonly clusterDir: string;
  /** `bin/`, `lib/` and `share/` of Postgres, which the user it runs as can read. */
  readonly installationDir: string;
};

/**
 * Decides where the cluster lives. Postgres refuses to run as root, and another user cannot enter a repository below
 * a private folder such as `/root`. Then cluster and programs live in a folder of `/var/tmp` that is named after the
 * data folder, which the file `location` in the data folder records; `dropPostgresData` follows it.
 */
export async function preparePostgresHome(
  dataDir: string,
  installationDir: string,
  user: SystemUser | undefined,
): Promise<PostgresHome> {
  await mkdir(dataDir, { recursive: true, mode: user ? 0o711 : 0o700 });
  const recorded = await recordedLocation(dataDir);
  const reachable =
    user === undefined || ((await canReach(dataDir, user)) && (await canReach(installationDir, user)));
  if (recorded === undefined && reachable) return { clusterDir: join(dataDir, "cluster"), installationDir };
  const home = recorded ?? sharedHome(dataDir);
  await removeAbandonedHomes();
  await claimSharedHome(home);
  await writeFile(join(home, ORIGIN_FILE), dataDir, { mode: 0o600 });
  if (recorded === undefined) await writeFile(join(dataDir, LOCATION_FILE), home);
  const installationCopy = await copyInstallation(installationDir, home);
  return { clusterDir: join(home, "cluster"), installationDir: installationCopy };
}

/** Removes the cluster, wherever it is, and the data folder. */
export async function dropPostgresData(dataDir: string): Promise<void> {
  const recorded = await recordedLocation(dataDir);
  if (recorded !== undefined) await rm(recorded, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}

function sharedHome(dataDir: string): string {
  return join(
    SHARED_ROOT,
    `${SHARED_PREFIX}${createHash("sha256").update(dataDir).digest("hex").slice(0, 16)}`,
  );
}

async function recordedLocation(dataDir: string): Promise<string | undefined> {
  const text = await readOptional(join(dataDir, LOCATION_FILE));
  if (text === undefined) return undefined;
  // Only ever the one path we would choose ourselves: this text leads to a recursive delete.
  if (text !== sharedHome(dataDir)) throw new Error(`${join(dataDir, LOCATION_FILE)} names a foreign folder`);
  return text;
}

/** The folder's name can be guessed, so one that another user made first is refused. */
async function claimSharedHome(home: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o711 });
  const found = await lstat(home);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new Error(`${home} exists and is not a folder of this user; remove it`);
  }
  await chmod(home, 0o711);
}

/**
 * Removes the folders whose data folder was below the temporary folder and was deleted without `dropPostgresData`.
 * Others are kept even when their data folder is missing: its disk may only be unmounted.
 */
async function removeAbandonedHomes(): Promise<void> {
  for (const name of await readdir(SHARED_ROOT)) {
    if (!name.startsWith(SHARED_PREFIX)) continue;
    const home = join(SHARED_ROOT, name);
    const owner = (await lstat(home).catch(ignoreMissing))?.uid;
    if (owner !== process.getuid?.()) continue;
    const origin = await readOptional(join(home, ORIGIN_FILE));
    if (origin?.startsWith(`${tmpdir()}/`) && !(await exists(origin)))
      await rm(home, { recursive: true, force: true });
  }
}

/** Postgres finds its libraries and its share folder relative to its own program, so all of it is copied (60 MB). */
async function copyInstallation(installationDir: string, home: string): Promise<string> {
  const manifest = await readFile(join(installationDir, "..", "package.json"), "utf8");
  const stamp = createHash("sha256").update(manifest).digest("hex").slice(0, 12);
  const target = join(home, `postgres-${stamp}`);
  if (await exists(target)) return target;
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await cp(installationDir, partial, { recursive: true, verbatimSymlinks: true });
  await rename(partial, target);
  return target;
}

async function readOptional(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch(ignoreMissing);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** True when the user may enter the folder and every folder above it. */
async function canReach(path: string, user: SystemUser): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** Makes an empty folder that belongs to the user Postgres runs as. */
export async function makePrivateFolder(path: string, user: SystemUser | undefined): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  if (user) await chown(path, user.uid, user.gid);
}
