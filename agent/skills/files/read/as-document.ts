import { FILES_LIMITS } from "../limits.ts";
import { type Block, plain, tableOf } from "../model/blocks.ts";
import { readMarkdown } from "../model/markdown.ts";
import { cellText, type Sheet } from "../model/sheet.ts";
import { readCsv } from "./csv.ts";
import { readDocx } from "./docx.ts";
import { readHtml } from "./html.ts";
import type { OpenedFile } from "./kind.ts";
import { openPdfFile, pdfBlocks } from "./pdf.ts";
import { readPptx } from "./pptx.ts";
import { readXlsx } from "./xlsx.ts";

/** A file as a document; `note` says what could not be taken along. Throws ToolError. */
export async function readAsDocument(file: OpenedFile): Promise<{ blocks: Block[]; note: string }> {
  switch (file.kind) {
    case "pdf": {
      const document = await openPdfFile(file.bytes);
      const last = Math.min(document.numPages, FILES_LIMITS.pagesMax);
      const isCut = last < document.numPages;
      const note = `Only its text is taken along.${isCut ? ` Only the first ${last} pages.` : ""}`;
      return { blocks: await pdfBlocks(document, 1, last), note };
    }
    case "pptx": {
      const slides = readPptx(file.archive).slice(0, FILES_LIMITS.slidesMax);
      const blocks = slides.flatMap((slide, at): Block[] =>
        at === 0 ? slide : [{ kind: "page-break" }, ...slide],
      );
      return { blocks, note: "Pictures and the layout are not taken along." };
    }
    case "docx":
      return { blocks: await readDocx(file.archive), note: "Pictures and charts are not taken along." };
    case "xlsx": {
      const sheets = await readXlsx(file.archive);
      return { blocks: sheets.flatMap((sheet) => sheetBlocks(sheet, sheets.length > 1)), note: "" };
    }
    case "csv":
      return { blocks: [tableOf(readCsv(file.text).rows)], note: "" };
    case "html":
      return { blocks: readHtml(file.text), note: "" };
    case "md":
      return { blocks: readMarkdown(file.text), note: "" };
    case "txt":
      return { blocks: paragraphsOf(file.text), note: "" };
  }
}

function sheetBlocks({ name, rows }: Sheet, isNamed: boolean): Block[] {
  const filled = rows.map((row) => row.map(cellText)).filter((row) => row.some((cell) => cell !== ""));
  const heading: Block[] = isNamed ? [{ kind: "heading", level: 2, runs: plain(name) }] : [];
  return filled.length === 0 ? heading : [...heading, tableOf(filled)];
}

const paragraphsOf = (text: string): Block[] =>
  text
    .split(/\n{2,}|\f/)
    .map((paragraph) => paragraph.replace(/^\n+|\s+$/g, ""))
    .filter((paragraph) => paragraph !== "")
    .map((paragraph) => ({ kind: "paragraph", runs: plain(paragraph) }));
