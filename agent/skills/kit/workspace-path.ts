import { realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { ToolError } from "./tool-error.ts";

const PATH_MAX_CHARS = 300;
const CONTROLS = /\p{Cc}/u;

/**
 * The absolute path of a file of the folder `dir`, of which the last part need not exist. Throws ToolError for what lies
 * outside, also by way of a link. Whoever opens it runs as the user who owns the folder, so that a link which is put there
 * afterwards leads to nothing that this user could not read anyway.
 */
export async function workspacePath(dir: string, path: string): Promise<string> {
  const isUsable = path !== "" && path.length <= PATH_MAX_CHARS && !CONTROLS.test(path);
  const target = resolve(dir, path);
  if (!isUsable || !isInside(dir, target)) throw new ToolError(`There is no place for a file at that path.`);
  const folder = await existing(dirname(target));
  if (!isInside(await realpath(dir), folder.path, true))
    throw new ToolError("That path leads out of the folder.");
  return join(folder.path, folder.rest, basename(target));
}

/** The nearest folder above that exists, with its links followed, and what is missing below it. */
async function existing(folder: string): Promise<{ path: string; rest: string }> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      return { path: await realpath(at), rest: relative(at, folder) };
    } catch (error) {
      const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (!isMissing || at === dirname(at)) throw error;
    }
  }
}

function isInside(dir: string, target: string, orSame = false): boolean {
  const path = relative(dir, target);
  if (path === "") return orSame;
  return path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}
