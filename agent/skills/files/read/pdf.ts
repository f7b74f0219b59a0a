import { openPdf } from "../../../server/attachments/extract-pdf.ts";
import { FileError } from "../../../server/attachments/file-error.ts";
import type { Block } from "../model/blocks.ts";
import { asToolError } from "./kind.ts";

type PdfDocument = Awaited<ReturnType<typeof openPdf>>;
type PdfPage = Awaited<ReturnType<PdfDocument["getPage"]>>;

/** Throws ToolError when it is locked or damaged. */
export async function openPdfFile(bytes: Uint8Array): Promise<PdfDocument> {
  try {
    return await openPdf(bytes);
  } catch (error) {
    if (error instanceof FileError) throw asToolError(error);
    throw error;
  }
}

interface Line {
  text: string;
  /** Where it stands above the page's foot, and how high its letters are, in points. */
  y: number;
  height: number;
}

/** A gap between lines of more than so many heights of letters begins a paragraph. */
const PARAGRAPH_GAP = 1.75;

/** The paragraphs of a page, from 1. */
export async function pdfParagraphs(document: PdfDocument, number: number): Promise<string[]> {
  const page = await document.getPage(number);
  const paragraphs: string[] = [];
  let before: Line | undefined;
  for (const line of await linesOf(page)) {
    const isNext =
      before === undefined || before.y - line.y > PARAGRAPH_GAP * Math.max(before.height, line.height, 1);
    if (isNext || before === undefined) paragraphs.push(line.text);
    else paragraphs.push(`${paragraphs.pop()}\n${line.text}`);
    before = line;
  }
  page.cleanup();
  return paragraphs;
}

async function linesOf(page: PdfPage): Promise<Line[]> {
  const { items } = await page.getTextContent();
  const lines: Line[] = [];
  let line: Line = { text: "", y: 0, height: 0 };
  for (const item of items) {
    if (!("str" in item)) continue;
    if (line.text === "") line.y = Number(item.transform[5] ?? 0);
    line.text += item.str;
    line.height = Math.max(line.height, item.height);
    if (!item.hasEOL) continue;
    lines.push(line);
    line = { text: "", y: 0, height: 0 };
  }
  return [...lines, line]
    .map((each) => ({ ...each, text: each.text.trim() }))
    .filter(({ text }) => text !== "");
}

/** The text of pages `from` to `to` as a document; lines of a paragraph are joined. */
export async function pdfBlocks(document: PdfDocument, from: number, to: number): Promise<Block[]> {
  const blocks: Block[] = [];
  for (let number = from; number <= to; number += 1) {
    if (number > from) blocks.push({ kind: "page-break" });
    for (const text of await pdfParagraphs(document, number))
      blocks.push({ kind: "paragraph", runs: [{ text: joinLines(text) }] });
  }
  return blocks;
}

/** A hyphen at the end of a line between small letters was put there to fill the line. */
const joinLines = (text: string): string =>
  text.replaceAll(/(?<=\p{Ll})-\n(?=\p{Ll})/gu, "").replaceAll("\n", " ");
