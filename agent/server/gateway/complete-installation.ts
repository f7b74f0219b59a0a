import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { exists } from "./owned-files.ts";
import { openclawEntry } from "./paths.ts";

/** A package that was installed without its install scripts carries this file until its first start has run them. */
const PENDING_FILE = ".openclaw-lifecycle-pending";

/**
 * Lets openclaw complete its installation where it is not complete. Its first start does so by writing into its own
 * package, which is ours: the gateway's user cannot, and each of its starts would end at once. Several of us may do it
 * at a time, they wait for each other. Rejects when it is still incomplete then.
 */
export async function completeInstallation(entry: string = openclawEntry()): Promise<void> {
  const pending = join(dirname(entry), PENDING_FILE);
  if (!(await exists(pending))) return;
  const home = await mkdtemp(join(tmpdir(), "openclaw-installation-"));
  try {
    // In a session of its own and without a deadline: one that is killed on the way can never be completed again.
    const child = spawn(process.execPath, [entry, "--version"], {
      cwd: home,
      env: { PATH: process.env.PATH ?? "", HOME: home, TMPDIR: home },
      stdio: "ignore",
      detached: true,
    });
    await once(child, "exit");
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  if (await exists(pending)) throw new Error("openclaw is not completely installed and cannot be completed");
}
