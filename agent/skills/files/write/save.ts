import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, relative } from "node:path";
import { ToolError } from "../../kit/tool-error.ts";
import { workspacePath } from "../../kit/workspace-path.ts";
import { FILES_LIMITS } from "../limits.ts";
import type { MadeFile } from "./make.ts";

const NUMBERS_MAX = 1_000;

/** Writes a new file of the agent's folder and says in a sentence where it is. A name that is taken gets a number. Throws ToolError. */
export async function save(path: string, { bytes, note }: MadeFile): Promise<string> {
  const dir = process.cwd();
  const target = await workspacePath(dir, path);
  await mkdir(dirname(target), { recursive: true });
  const saved = relative(dir, await writeNew(target, bytes));
  const isTooLarge = bytes.length > FILES_LIMITS.sendMaxBytes;
  return [
    `Made ${saved} (${sizeText(bytes.length)}).`,
    isTooLarge
      ? "It is too large to be sent (1 MB at most): make it smaller or split it."
      : "Send it with the message tool.",
    note,
  ]
    .filter(Boolean)
    .join(" ");
}

async function writeNew(target: string, bytes: Uint8Array): Promise<string> {
  const extension = extname(target);
  const stem = join(dirname(target), basename(target, extension));
  for (let number = 1; number <= NUMBERS_MAX; number += 1) {
    const path = number === 1 ? target : `${stem}-${number}${extension}`;
    try {
      await writeFile(path, bytes, { flag: "wx" });
      return path;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
  throw new ToolError("There are too many files of that name. Choose another one.");
}

const sizeText = (bytes: number): string =>
  bytes < 10_000 ? `${bytes} bytes` : `${Math.round(bytes / 1_000).toLocaleString("en")} kB`;
