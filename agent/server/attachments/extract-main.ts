import { buffer } from "node:stream/consumers";
import { extractDocx } from "./extract-docx.ts";
import { extractPdf } from "./extract-pdf.ts";
import { extractXlsx } from "./extract-xlsx.ts";
import type { ExtractionResult } from "./extraction-result.ts";
import { FileError } from "./file-error.ts";
import type { CutText } from "./plain-text.ts";
import { unpackDocument } from "./unpack.ts";

/**
 * A process of its own, without rights, for one document of a stranger's: bytes on standard input, an ExtractionResult
 * as JSON on standard output. `argv[2]` says what it is.
 */
async function extract(kind: string | undefined, bytes: Uint8Array): Promise<CutText> {
  if (kind === "pdf") return extractPdf(bytes);
  const { names, archive } = unpackDocument(bytes);
  if (names.some((name) => name.startsWith("word/"))) return extractDocx(archive);
  if (names.includes("xl/workbook.xml")) return extractXlsx(archive);
  throw new FileError("unknown-type");
}

/** Anything that the parsers stumble over is a damaged document; what they say of it may quote it, so it goes nowhere. */
async function run(): Promise<ExtractionResult> {
  try {
    const bytes = new Uint8Array(await buffer(process.stdin));
    return { kind: "text", ...(await extract(process.argv[2], bytes)) };
  } catch (error) {
    return { kind: "problem", problem: error instanceof FileError ? error.problem : "damaged" };
  }
}

// The libraries write warnings, which would mix with the result.
for (const level of ["debug", "error", "info", "log", "warn"] as const) console[level] = () => undefined;
process.stdout.write(JSON.stringify(await run()), () => process.exit(0));
