import { readFileSync, statSync } from "node:fs";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { writeDurably } from "../../server/state/durable-file.ts";

const MAX_BYTES = 64 * 1024;
/** More than one only after a run that did not reach its end. */
const MAX_HASHES = 8;

/** A file of the workspace: plain, so that it leads nowhere else. */
export const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Per file the hash of each content that we may have put there last. */
export type Snapshot = ReadonlyMap<string, readonly string[]>;

const StoredSnapshot = Type.Record(
  Type.String({ pattern: FILE_NAME.source }),
  Type.Array(Type.String({ pattern: "^[0-9a-f]{64}$" }), { maxItems: MAX_HASHES }),
  { additionalProperties: false },
);

/** Empty when there is none, or none that can be understood: then every file that differs is the agent's. */
export function readSnapshot(path: string): Snapshot {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? Number.POSITIVE_INFINITY) > MAX_BYTES) {
    return new Map();
  }
  const stored = parse(readFileSync(path, "utf8"));
  return new Map(Value.Check(StoredSnapshot, stored) ? Object.entries(stored) : []);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not ours, or from a disk that failed: as if there were none.
    return undefined;
  }
}

export function writeSnapshot(path: string, snapshot: Snapshot): void {
  const stored = Object.fromEntries(
    [...snapshot].map(([name, hashes]) => [name, hashes.slice(-MAX_HASHES)] as const),
  );
  writeDurably(path, `${JSON.stringify(stored, null, 2)}\n`);
}
