import { realpath } from "node:fs/promises";
import { basename, dirname, extname, join, relative } from "node:path";
import { ConfinedError, runConfined } from "../../skills/kit/confined.ts";
import { ToolError } from "../../skills/kit/tool-error.ts";
import type { WorkspaceFiles } from "../../skills/kit/workspace-files.ts";
import { workspacePath } from "../../skills/kit/workspace-path.ts";

const LIMITS = { timeoutMs: 20_000, maxRssBytes: 64 * 1024 * 1024 } as const;
const NO_FILE = "3";
const TAKEN = "4";
const NAMES_TRIED = 100;

/** Both run as the user of the folder: nothing that a link in it leads to is reached with rights of ours. */
const READ = `[ -f "$1" ] || exit ${NO_FILE}; exec cat -- "$1"`;
const WRITE = `umask 077; mkdir -p -- "$1" || exit 5; set -C; [ ! -e "$2" ] || exit ${TAKEN}; cat > "$2"`;

export interface WorkspaceOptions {
  dir: string;
  uid?: number | undefined;
  gid?: number | undefined;
  signal: AbortSignal;
}

/** The agent's folder as its server may use it. */
export function openWorkspace({ dir, uid, gid, signal }: WorkspaceOptions): WorkspaceFiles {
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
      for (let attempt = 1; attempt <= NAMES_TRIED; attempt += 1) {
        const target = await workspacePath(dir, numbered(path, attempt));
        try {
          await shell(WRITE, [dirname(target), target], content, 1_024);
          return relative(await realpath(dir), target);
        } catch (error) {
          if (!(error instanceof ConfinedError)) throw error;
          if (codeOf(error) !== TAKEN) throw new ToolError(`${path} could not be written.`, { cause: error });
        }
      }
      throw new ToolError(`There are too many files called like ${path}.`);
    },
  };
}

const codeOf = ({ cause }: ConfinedError): string | undefined =>
  cause instanceof Error && "code" in cause ? String(cause.code) : undefined;

/** `plan.pdf`, `plan-2.pdf`, `plan-3.pdf`, … */
function numbered(path: string, attempt: number): string {
  if (attempt === 1) return path;
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}-${attempt}${extension}`);
}
