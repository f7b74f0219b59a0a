import { existsSync, readFileSync } from "node:fs";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { writeDurably } from "./durable-file.ts";

const Tombstone = Type.Object(
  {
    reason: Type.Union([
      Type.Literal("member"),
      Type.Literal("removed"),
      Type.Literal("operator"),
      Type.Literal("expiry"),
    ]),
    startedAt: Type.String(),
    /** The last report's number within `epoch`; the database that kept it before is wiped. */
    epoch: Type.Integer({ minimum: 1 }),
    sequence: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);
export type Tombstone = Static<typeof Tombstone>;

export class TombstoneError extends Error {
  override readonly name = "TombstoneError";
}

/** A state folder with a tombstone only ever ends: nothing in it is started again. */
export function readTombstone(path: string): Tombstone | undefined {
  if (!existsSync(path)) return undefined;
  const content: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!Value.Check(Tombstone, content)) throw new TombstoneError("the tombstone is malformed");
  return content;
}

export const writeTombstone = (path: string, tombstone: Tombstone): void =>
  writeDurably(path, JSON.stringify(tombstone));
