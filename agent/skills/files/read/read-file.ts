import { FileError } from "../../../server/attachments/file-error.ts";
import { ToolError } from "../../kit/tool-error.ts";
import { FILES_LIMITS } from "../limits.ts";
import type { Block } from "../model/blocks.ts";
import type { Sheet } from "../model/sheet.ts";
import { writeMarkdown } from "../write/markdown.ts";
import { readCsv } from "./csv.ts";
import { readDocx } from "./docx.ts";
import { readHtml } from "./html.ts";
import { asToolError, type OpenedFile } from "./kind.ts";
import { requireChars, requireSpan } from "./part.ts";
import { openPdfFile, pdfParagraphs } from "./pdf.ts";
import { readPptx } from "./pptx.ts";
import { readSheets } from "./read-sheets.ts";
import { readXlsx } from "./xlsx.ts";

/** A part of a file as text for the model, with a last line that says how to get the next one. Throws ToolError. */
export async function readFilePart(file: OpenedFile, part: string | undefined): Promise<string> {
  switch (file.kind) {
    case "pdf":
      return readPdfPages(file.bytes, part);
    case "pptx": {
      const slides = readPptx(file.archive).map((blocks) => writeMarkdown(blocks).trim());
      return readUnits("slide", slides.length, part, async (number) => slides[number - 1] ?? "");
    }
    case "xlsx":
      return readSheets(await readXlsx(file.archive), part);
    case "csv":
      return readSheets([csvSheet(file.text)], part);
    case "docx":
      return readChars(textOf(await readDocx(file.archive)), part);
    case "html":
      return readChars(textOf(readHtml(file.text)), part);
    case "md":
    case "txt":
      return readChars(file.text, part);
  }
}

function textOf(blocks: readonly Block[]): string {
  const text = writeMarkdown(blocks).trim();
  if (text === "") throw asToolError(new FileError("no-text"));
  return text;
}

const csvSheet = (text: string): Sheet => ({
  name: "CSV",
  rows: readCsv(text).rows,
  formats: {},
  charts: [],
});

async function readPdfPages(bytes: Uint8Array, part: string | undefined): Promise<string> {
  const document = await openPdfFile(bytes);
  let hasText = false;
  const text = await readUnits("page", document.numPages, part, async (number) => {
    const paragraphs = await pdfParagraphs(document, number);
    hasText ||= paragraphs.length > 0;
    return paragraphs.join("\n\n");
  });
  if (!hasText && part === undefined) throw asToolError(new FileError("no-text"));
  return text;
}

/** Pages or slides, as many as there is room for; the first one is cut where it alone is too long. */
async function readUnits(
  unit: string,
  count: number,
  part: string | undefined,
  read: (number: number) => Promise<string>,
): Promise<string> {
  if (count === 0) throw new ToolError("The file is empty.");
  const { from, to } = requireSpan(part, unit, count);
  const texts: string[] = [];
  let chars = 0;
  for (let number = from; number <= to; number += 1) {
    const text = `[${unit} ${number} of ${count}]\n${await read(number)}`;
    if (texts.length > 0 && chars + text.length > FILES_LIMITS.readMaxChars)
      return `${texts.join("\n\n")}\n[Next: part "${number === to ? to : `${number}-${to}`}"]`;
    chars += text.length;
    if (text.length > FILES_LIMITS.readMaxChars)
      texts.push(
        `${text.slice(0, FILES_LIMITS.readMaxChars)}\n[This ${unit} is cut. For all of it convert the file to txt and read that by characters.]`,
      );
    else texts.push(text);
  }
  return texts.join("\n\n");
}

function readChars(text: string, part: string | undefined): string {
  const { from, to } = requireChars(part, text.length, FILES_LIMITS.readMaxChars);
  // Half a character at an end would be no text.
  const shown = text.slice(from, to).replaceAll(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, "");
  return to < text.length ? `${shown}\n[${text.length} characters. Next: part "${to}-"]` : shown;
}
