import { createHash } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { lstat, open } from "node:fs/promises";

export interface InspectedFile {
  /** Hash of its content; `NOT_OURS` for a content that we cannot have written. */
  hash: string;
  facts: Stats;
}

/** Stands for a content over the limit or one that we may not read: it equals no hash. */
const NOT_OURS = "not-ours";

export const hashOf = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

/**
 * Looks at a file in a folder that another user writes. Resolves to undefined when there is nothing or something other
 * than a regular file; a link is not followed. Of a file above `maxBytes` nothing is read.
 */
export async function inspectFile(path: string, maxBytes: number): Promise<InspectedFile | undefined> {
  let facts: Stats;
  try {
    facts = await lstat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  if (!facts.isFile()) return undefined;
  if (facts.size > maxBytes) return { hash: NOT_OURS, facts };
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    return { hash: hashOf(await file.readFile()), facts };
  } catch (error) {
    if (codeOf(error) === "EACCES") return { hash: NOT_OURS, facts };
    throw error;
  }
}
