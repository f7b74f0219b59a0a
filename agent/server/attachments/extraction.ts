import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Value } from "typebox/value";
import { type ConfinedEnd, ConfinedError, runConfined } from "../../skills/kit/confined.ts";
import { type Extractable, ExtractionResult } from "./extraction-result.ts";
import { FileError, type FileProblem } from "./file-error.ts";
import {
  EXTRACTION_HEAP_MB,
  EXTRACTION_MAX_RSS_BYTES,
  EXTRACTION_TIMEOUT_MS,
  TEXT_MAX_CHARS,
} from "./limits.ts";
import type { CutText } from "./plain-text.ts";

export interface ExtractionOptions {
  /** Whom the process runs as; the caller by default. */
  uid?: number | undefined;
  gid?: number | undefined;
  /** Its working directory. It writes nothing there. */
  tmpDir: string;
  timeoutMs?: number | undefined;
  maxRssBytes?: number | undefined;
  /** Another program in the place of the extractor; its folder may be read. */
  program?: string | undefined;
}

const PROGRAM = fileURLToPath(new URL("./extract-main.ts", import.meta.url));
/** No character takes more than the six bytes of a JSON escape. */
const OUTPUT_MAX_BYTES = 6 * TEXT_MAX_CHARS + 1_024;
const LIBRARIES = ["unpdf", "mammoth", "read-excel-file/universal", "fflate"] as const;

const PROBLEMS: Readonly<Record<ConfinedEnd, FileProblem>> = {
  "took-too-long": "took-too-long",
  "too-much-memory": "expands-too-much",
  "too-much-output": "internal",
  failed: "internal",
};

/** The text of a document, taken out of it by a process without rights. Throws a FileError, or the signal's reason. */
export async function extractText(
  kind: Extractable,
  bytes: Buffer,
  options: ExtractionOptions,
  signal: AbortSignal,
): Promise<CutText> {
  const limits = {
    ...{ uid: options.uid, gid: options.gid, dir: options.tmpDir },
    timeoutMs: options.timeoutMs ?? EXTRACTION_TIMEOUT_MS,
    maxRssBytes: options.maxRssBytes ?? EXTRACTION_MAX_RSS_BYTES,
    maxOutputBytes: OUTPUT_MAX_BYTES,
  };
  let output: Buffer;
  try {
    output = await runConfined(commandOf(kind, options), bytes, limits, signal);
  } catch (error) {
    if (!(error instanceof ConfinedError)) throw error;
    throw new FileError(PROBLEMS[error.end], { cause: error.cause });
  }
  return readResult(output.toString("utf8"));
}

/**
 * Node with the permission model on: it may read its own code and nothing else; no writing, no processes, threads, native
 * code or code made of text. Node 24 cannot take the network away; it has nothing to tell there but the document itself.
 */
function commandOf(kind: Extractable, options: ExtractionOptions): readonly string[] {
  const program = options.program ?? PROGRAM;
  const readable = [fileURLToPath(new URL(".", `file://${program}`)), ...libraryFolders()];
  return [
    process.execPath,
    "--permission",
    ...readable.map((folder) => `--allow-fs-read=${folder}`),
    "--disallow-code-generation-from-strings",
    `--max-old-space-size=${EXTRACTION_HEAP_MB}`,
    program,
    kind,
  ];
}

/** Where Node looks for the parsers, and where they are: package managers put links in the one that lead to the other. */
function libraryFolders(): ReadonlySet<string> {
  const { resolve } = createRequire(import.meta.url);
  const folder = "/node_modules/";
  const lookedIn = (resolve.paths(LIBRARIES[0]) ?? []).filter((path) => path.endsWith("/node_modules"));
  const found = LIBRARIES.map((name) => {
    const path = resolve(name);
    return path.slice(0, path.indexOf(folder) + folder.length);
  });
  return new Set([...lookedIn.map((path) => `${path}/`), ...found]);
}

function readResult(output: string): CutText {
  const result = Value.Parse(ExtractionResult, JSON.parse(output));
  if (result.kind === "problem") throw new FileError(result.problem);
  return { text: result.text.slice(0, TEXT_MAX_CHARS), isCut: result.isCut };
}
