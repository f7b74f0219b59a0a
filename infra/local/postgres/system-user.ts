import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export type SystemUser = { readonly uid: number; readonly gid: number };

const NAME = "postgres";

/**
 * The user that Postgres runs as: `undefined` (ourselves) for an ordinary user; as root, which Postgres refuses, the
 * system user `postgres`, made if the machine has none.
 */
export async function postgresUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const found = await lookUp();
  if (found) return found;
  try {
    await run("useradd", [
      "--system",
      "--user-group",
      "--no-create-home",
      "--shell",
      "/usr/sbin/nologin",
      NAME,
    ]);
  } catch (error) {
    throw new Error(
      `Postgres does not run as root, and making the user "${NAME}" failed; ` +
        "start as an ordinary user, or set DATABASE_URL",
      { cause: error },
    );
  }
  const made = await lookUp();
  if (!made) throw new Error(`the user "${NAME}" was made but cannot be found`);
  return made;
}

async function lookUp(): Promise<SystemUser | undefined> {
  const [uid, gid] = await Promise.all([numberOf("-u"), numberOf("-g")]);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

async function numberOf(flag: "-u" | "-g"): Promise<number | undefined> {
  try {
    const { stdout } = await run("id", [flag, NAME]);
    return Number.parseInt(stdout, 10);
  } catch (error) {
    // `id` ends with 1 for a user that does not exist; anything else (no `id` at all) is a fault.
    if (error instanceof Error && "code" in error && error.code === 1) return undefined;
    throw error;
  }
}
