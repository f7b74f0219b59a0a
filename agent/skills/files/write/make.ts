import { ToolError } from "../../kit/tool-error.ts";
import { FILES_LIMITS } from "../limits.ts";
import { type Block, limitRows } from "../model/blocks.ts";
import type { Sheet } from "../model/sheet.ts";
import { writeCsv } from "./csv.ts";
import { writeMarkdown, writeText } from "./markdown.ts";
import type { DocumentTarget, SheetTarget } from "./target.ts";
import { writeXlsx } from "./xlsx.ts";

/** A file that was made; `note` is for the model, "" for none. */
export interface MadeFile {
  bytes: Uint8Array;
  note: string;
}

/** The libraries are large, so only the one that is needed is loaded. */
export async function makeDocument(all: readonly Block[], target: DocumentTarget): Promise<MadeFile> {
  const isPlain = target === "md" || target === "txt";
  const { blocks, leftOut } = isPlain
    ? { blocks: all, leftOut: 0 }
    : limitRows(all, FILES_LIMITS.documentRowsMax);
  const note = leftOut === 0 ? "" : `${leftOut} rows of tables were left out: too many for a ${target}.`;
  switch (target) {
    case "md":
      return { bytes: Buffer.from(writeMarkdown(blocks)), note };
    case "txt":
      return { bytes: Buffer.from(writeText(blocks)), note };
    case "docx":
      return { bytes: await (await import("./docx.ts")).writeDocx(blocks), note };
    case "pptx": {
      const { bytes, slides } = await (await import("./pptx.ts")).writePptx(blocks);
      return { bytes, note: `${slides} slides. ${note}`.trim() };
    }
    case "pdf": {
      const { bytes, hasUnprintable } = await (await import("./pdf.ts")).writePdf(blocks);
      const boxes = hasUnprintable
        ? "Some signs (emoji, or letters other than Latin, Greek and Cyrillic) show as boxes in a PDF made here; a DOCX shows them."
        : "";
      return { bytes, note: `${note} ${boxes}`.trim() };
    }
  }
}

/** Throws ToolError where there is no sheet. */
export function makeSheets(sheets: readonly Sheet[], target: SheetTarget): MadeFile {
  const [first, ...others] = sheets;
  if (first === undefined) throw new ToolError("There is no sheet in it.");
  if (target === "xlsx") return { bytes: writeXlsx(sheets), note: "" };
  const note =
    others.length === 0
      ? ""
      : `A CSV holds one sheet: this is "${first.name}"; ${others.length} more are not in it.`;
  return { bytes: Buffer.from(writeCsv(first)), note };
}
