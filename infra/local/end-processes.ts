import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { identify, isRunning, type ProcessIdentity } from "./process-identity.ts";

const POLL_MS = 100;

/**
 * Ends every process that works in the folder, or whose environment names it or something below it: SIGTERM, and
 * SIGKILL after `graceMs`. Returns how many there were. Linux only, as elsewhere a process's environment cannot be
 * read; there it finds none.
 */
export async function endProcessesOf(folder: string, graceMs: number): Promise<number> {
  if (process.platform !== "linux") return 0;
  const found = await processesOf(folder);
  for (const { pid } of found) send(pid, "SIGTERM");
  const deadline = Date.now() + graceMs;
  for (const one of found) {
    while (await isRunning(one)) {
      if (Date.now() > deadline) send(one.pid, "SIGKILL");
      await delay(POLL_MS);
    }
  }
  return found.length;
}

async function processesOf(folder: string): Promise<readonly ProcessIdentity[]> {
  const isInside = (path: string) => path === folder || path.startsWith(`${folder}/`);
  const found: ProcessIdentity[] = [];
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const identity = await identify(pid);
    if (!identity) continue;
    const directory = await readlink(join("/proc", name, "cwd")).catch(unlessHidden);
    const environment = (await readFile(join("/proc", name, "environ"), "utf8").catch(unlessHidden)) ?? "";
    const values = environment.split("\0").map((entry) => entry.slice(entry.indexOf("=") + 1));
    if ([directory ?? "", ...values].some(isInside)) found.push(identity);
  }
  return found;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Gone meanwhile, or another user's: neither is ours to end. */
function unlessHidden(error: NodeJS.ErrnoException): undefined {
  if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(error.code ?? "")) return undefined;
  throw error;
}
