import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PlatformError } from "../../../domain/errors.ts";

const SCRIPT = fileURLToPath(new URL("remove-own-files.ts", import.meta.url));
const WORLD_WRITABLE = ["/tmp", "/var/tmp", "/dev/shm"];
const TIMEOUT_MS = 60_000;

/**
 * Removes what a user has left in the folders that everybody may write, so that nobody who gets its id later finds it.
 * Nothing of that user may run. Throws `transient` when it could not be done in time.
 */
export async function removeFilesOfUser(
  uid: number,
  folders: readonly string[] = WORLD_WRITABLE,
): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [SCRIPT, ...folders], {
      cwd: "/",
      env: {},
      uid,
      gid: uid,
      timeout: TIMEOUT_MS,
    });
  } catch (error) {
    // A user that may not even run this program has run no gateway either, and not without root.
    if (error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM"))
      return;
    throw new PlatformError("transient", { detail: `the files of user ${uid} could not be removed` });
  }
}
