import { randomBytes } from "node:crypto";
import { constants, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "./durable-file.ts";

const ID_BYTES = 16;
const ID = /^[0-9a-f]{32}$/;

/** Stores the agent's picture in the place of any other and returns its name: 32 random hex characters. */
export function storePicture(folder: string, sealed: Uint8Array): string {
  // One that a crash left without a claim that knows it.
  rmSync(folder, { recursive: true, force: true });
  const id = randomBytes(ID_BYTES).toString("hex");
  writeDurably(join(folder, id), sealed);
  return id;
}

/** Undefined when there is no picture of this name. The caller closes it. */
export async function openPicture(folder: string, id: string): Promise<FileHandle | undefined> {
  if (!ID.test(id)) return undefined;
  try {
    return await open(join(folder, id), constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
