import { realpath } from "node:fs/promises";
import { basename, dirname, extname, join, relative } from "node:path";
import { ConfinedError, runConfined } from "../../skills/kit/confined.ts";
import { ToolError } from "../../skills/kit/tool-error.ts";
import type { WorkspaceFiles } from "../../skills/kit/workspace-files.ts";
import { workspacePath } from "../../skills/kit/workspace-path.ts";

const LIMITS = { timeoutMs: 20_000, maxRssBytes: 64 * 1024 * 1024 } as const;
const NO_FILE = "3";
const TAKEN = "4";
const FULL = "6";
/** People's apps call every picture the same. */
const NAMES_TRIED = 2_000;

/**
 * Both run as the user of the folder: nothing that a link in it leads to is reached with rights of ours. Each is one process
 * when it opens the file, so that it can be ended where something was put in the file's place that never opens.
 */
const READ = `[ -f "$1" ] || exit ${NO_FILE}; exec cat -- "$1"`;
/** Folder, name, extension, KB that the folder may hold: takes the first name that is free, says which, and writes what comes into it. */
const WRITE = `umask 077; mkdir -p -- "$1" && cd -- "$1" && [ -w . ] || exit 5
[ -z "$4" ] || [ "$(du -sk . | cut -f1)" -lt "$4" ] || exit ${FULL}
name=$2$3 n=1
while [ -e "./$name" ] || [ -L "./$name" ] || ! (set -C; : > "./$name") 2>/dev/null; do
  n=$((n + 1)); [ $n -le ${NAMES_TRIED} ] || exit ${TAKEN}; name=$2-$n$3
done
printf %s "$name"; exec cat > "./$name"`;

export interface WorkspaceOptions {
  dir: string;
  uid?: number | undefined;
  gid?: number | undefined;
  signal: AbortSignal;
  /** Nothing more is written to a folder that holds this many bytes. */
  folderMaxBytes?: number;
}

/** The agent's folder as its server may use it. */
export function openWorkspace({ dir, uid, gid, signal, folderMaxBytes }: WorkspaceOptions): WorkspaceFiles {
  const shell = (
    script: string,
    args: readonly string[],
    input: Uint8Array,
    maxOutputBytes: number,
  ): Promise<Buffer> =>
    runConfined(
      ["/bin/sh", "-c", script, "sh", ...args],
      input,
      { ...LIMITS, dir, uid, gid, maxOutputBytes, env: { PATH: "/usr/bin:/bin" } },
      signal,
    );
  return {
    dir,
    read: async (path, maxBytes) => {
      const target = await workspacePath(dir, path);
      try {
        return await shell(READ, [target], new Uint8Array(), maxBytes);
      } catch (error) {
        if (!(error instanceof ConfinedError)) throw error;
        if (codeOf(error) === NO_FILE) throw new ToolError(`There is no file ${path}.`);
        if (error.end === "too-much-output")
          throw new ToolError(`${path} is larger than ${maxBytes} bytes, the most that is possible here.`);
        throw new ToolError(`${path} could not be read.`, { cause: error });
      }
    },
    write: async (path, content) => {
      const target = await workspacePath(dir, path);
      const extension = extname(target);
      const maxKb = folderMaxBytes === undefined ? "" : String(Math.ceil(folderMaxBytes / 1_024));
      const parts = [dirname(target), basename(target, extension), extension, maxKb];
      try {
        const name = await shell(WRITE, parts, content, 1_024);
        return join(relative(await realpath(dir), dirname(target)), name.toString("utf8"));
      } catch (error) {
        if (!(error instanceof ConfinedError)) throw error;
        if (codeOf(error) === FULL) throw new ToolError("There is no more room for files in that folder.");
        if (codeOf(error) === TAKEN) throw new ToolError(`There are too many files called like ${path}.`);
        throw new ToolError(`${path} could not be written.`, { cause: error });
      }
    },
  };
}

const codeOf = ({ cause }: ConfinedError): string | undefined =>
  cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
