import { execFile } from "node:child_process";
import { chown, readdir, readFile, readlink, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { makePrivateFolder, type PostgresHome } from "./home.ts";
import type { SystemUser } from "./system-user.ts";

const run = promisify(execFile);

export const SUPERUSER = "convos";
const POLL_MS = 100;

/** Runs `initdb` once: UTF-8, locale C (byte order, the same on every machine). A half-made cluster is made anew. */
export async function ensureCluster(
  home: PostgresHome,
  user: SystemUser | undefined,
  password: string,
): Promise<void> {
  const version = await stat(join(home.clusterDir, "PG_VERSION")).catch(ignoreMissing);
  if (version) return;
  const partial = `${home.clusterDir}.partial`;
  await rm(partial, { recursive: true, force: true });
  await makePrivateFolder(partial, user);
  const passwordFile = join(partial, "password");
  const cluster = join(partial, "cluster");
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user) await chown(passwordFile, user.uid, user.gid);
  await run(
    join(home.installationDir, "bin", "initdb"),
    [
      `--pgdata=${cluster}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
    ],
    { cwd: partial, env: { LC_ALL: "C", PATH: process.env.PATH ?? "" }, ...user },
  );
  await rename(cluster, home.clusterDir);
  await rm(partial, { recursive: true, force: true });
}

/**
 * A Postgres that was killed leaves `postmaster.pid`. Postgres itself ignores the file when the pid is gone, but
 * refuses to start when the pid now belongs to some other process of its user, which is common in containers. A
 * Postgres that is still stopping is waited for, and so are the servers of single connections that outlive a killed
 * one by a moment: without the file nothing else would keep a new Postgres from writing beside them.
 */
export async function clearStalePidFile(clusterDir: string, waitMs: number): Promise<void> {
  const file = join(clusterDir, "postmaster.pid");
  const deadline = Date.now() + waitMs;
  for (;;) {
    const text = await readFile(file, "utf8").catch(ignoreMissing);
    if (text === undefined) return;
    const pid = await serverOf(clusterDir, Number.parseInt(text, 10));
    if (pid === undefined) {
      await rm(file, { force: true });
      return;
    }
    if (Date.now() > deadline)
      throw new Error(`Postgres (pid ${pid}) already runs on ${dirname(clusterDir)}`);
    await delay(POLL_MS);
  }
}

/**
 * The pid of a process of Postgres on this cluster. All of them work inside its folder, which tells them from a
 * stranger with the pid that was `recorded`; elsewhere than on Linux only that one can be looked at.
 */
async function serverOf(clusterDir: string, recorded: number): Promise<number | undefined> {
  if (process.platform !== "linux")
    return recorded > 1 && (await commandOf(recorded)).includes("postgres") ? recorded : undefined;
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    if ((await readlink(`/proc/${name}/cwd`).catch(unlessHidden)) !== clusterDir) continue;
    if ((await readFile(`/proc/${name}/comm`, "utf8").catch(unlessHidden))?.startsWith("postgres"))
      return pid;
  }
  return undefined;
}

async function commandOf(pid: number): Promise<string> {
  try {
    return (await run("ps", ["-o", "command=", "-p", String(pid)])).stdout;
  } catch (error) {
    // `ps` ends with 1 when no such process exists.
    if (error instanceof Error && "code" in error && error.code === 1) return "";
    throw error;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ESRCH") return undefined;
  throw error;
}

/** Gone meanwhile, or another user's, which is none of ours. */
function unlessHidden(error: NodeJS.ErrnoException): undefined {
  if (error.code === "EACCES" || error.code === "EPERM") return undefined;
  return ignoreMissing(error);
}
