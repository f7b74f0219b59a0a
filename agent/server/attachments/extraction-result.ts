import { type Static, Type } from "typebox";
import { FILE_PROBLEMS } from "./file-error.ts";

/** What the extracting process writes, as JSON, before it ends. */
export const ExtractionResult = Type.Union([
  Type.Object({ kind: Type.Literal("text"), text: Type.String(), isCut: Type.Boolean() }),
  Type.Object({ kind: Type.Literal("problem"), problem: Type.Enum([...FILE_PROBLEMS]) }),
]);
export type ExtractionResult = Static<typeof ExtractionResult>;

/** What the extracting process is given to read; its first argument. */
export const EXTRACTABLE = ["pdf", "packed"] as const;
export type Extractable = (typeof EXTRACTABLE)[number];
