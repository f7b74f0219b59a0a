import { randomBytes } from "node:crypto";
import { chmod, chown, cp, lstat, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Who owns what the gateway may write. Absent when it runs as ourselves. */
export interface GatewayUser {
  uid: number;
  gid: number;
}

/** Makes a private folder of the gateway. */
export async function makeOwnedDir(path: string, user: GatewayUser | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (!(await lstat(path)).isDirectory()) throw new Error("a folder of the gateway has been replaced");
  await chmod(path, 0o700);
  if (user) await chown(path, user.uid, user.gid);
}

/**
 * Puts a file in place of whatever is at `path`. It is written in `stagingDir`, which only we may write, and moved:
 * in a folder of the gateway's a link could lead anywhere. Rejects when a folder is at `path`.
 */
export async function writeOwnedFile(
  path: string,
  content: string | Buffer,
  options: { stagingDir: string; mode: number; owner?: { uid: number; gid: number } | undefined },
): Promise<void> {
  const staged = join(options.stagingDir, `.new-${randomBytes(8).toString("hex")}`);
  const file = await open(staged, "wx", options.mode);
  try {
    await file.writeFile(content);
    if (options.owner) await file.chown(options.owner.uid, options.owner.gid);
  } finally {
    await file.close();
  }
  try {
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
}

/** Copies a folder of ours to where the gateway can read but not change it. */
export async function copyReadable(source: string, target: string): Promise<void> {
  await rm(target, { force: true, recursive: true });
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  await cp(source, target, { recursive: true, filter: isShipped });
}

/** Tests and what they stand on stay here. */
const isShipped = (path: string): boolean => !path.endsWith(".test.ts") && basename(path) !== "testing";

/** Throws when another user cannot pass through the folders above `path`. */
export async function assertReachable(path: string): Promise<void> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode } = await stat(folder);
    if ((mode & 0o001) === 0) throw new Error(`the gateway's user cannot pass through ${folder}`);
    if (folder === dirname(folder)) return;
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}
