import { join } from "node:path";
import pdfmake, { type PdfNode } from "pdfmake";
import { type Block, type Run, type Table, textOf } from "../model/blocks.ts";
import { chartSvg } from "./chart-svg.ts";
import { FONTS_DIR } from "./fonts.ts";

const HEADING_SIZES = [22, 17, 14, 12, 11, 11] as const;
const CHART_WIDTH_PT = 480;
const INDENT_PT = 16;

/** Letters that the font has: Latin, Greek, Cyrillic and common signs. */
const UNPRINTABLE =
  /[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}\p{Script=Inherited}]|\p{Extended_Pictographic}/u;

/** Makes a PDF (A4). `hasUnprintable` says that some letters are shown as boxes, for want of a font. */
export async function writePdf(
  blocks: readonly Block[],
): Promise<{ bytes: Uint8Array; hasUnprintable: boolean }> {
  const font = (name: string): string => join(FONTS_DIR, `Roboto-${name}.ttf`);
  pdfmake.setFonts({
    Roboto: {
      ...{ normal: font("Regular"), bold: font("Medium") },
      ...{ italics: font("Italic"), bolditalics: font("MediumItalic") },
    },
  });
  // A document names no picture and no address that would have to be loaded; nothing is, whatever it says.
  pdfmake.setUrlAccessPolicy(() => false);
  pdfmake.setLocalAccessPolicy((path) => path.startsWith(FONTS_DIR));
  const content = nodesOf(blocks);
  const bytes = await pdfmake
    .createPdf({
      content: content.length === 0 ? [""] : content,
      pageSize: "A4",
      pageOrientation: blocks.some((block) => block.kind === "table" && columnsOf(block) > COLUMNS_UPRIGHT)
        ? "landscape"
        : "portrait",
      pageMargins: [56, 56, 56, 56],
      defaultStyle: { fontSize: 11, lineHeight: 1.2 },
      footer: (page: number, pages: number) =>
        pages === 1 ? "" : { text: `${page} / ${pages}`, alignment: "center", fontSize: 8, color: "#64748b" },
    })
    .getBuffer();
  return { bytes: new Uint8Array(bytes), hasUnprintable: UNPRINTABLE.test(wordsOf(blocks)) };
}

const wordsOf = (blocks: readonly Block[]): string =>
  blocks
    .map((block) => {
      if ("runs" in block) return textOf(block.runs);
      if (block.kind === "table") return [block.header, ...block.rows].flat().map(textOf).join(" ");
      return block.kind === "code" ? block.text : "";
    })
    .join(" ");

function nodesOf(blocks: readonly Block[]): PdfNode[] {
  let breaks = false;
  return blocks.flatMap((block): PdfNode[] => {
    if (block.kind === "page-break") {
      breaks = true;
      return [];
    }
    const node = nodeOf(block);
    const broken = breaks ? { stack: [node], pageBreak: "before" } : node;
    breaks = false;
    return [broken];
  });
}

function nodeOf(block: Exclude<Block, { kind: "page-break" }>): PdfNode {
  switch (block.kind) {
    case "heading": {
      const fontSize = HEADING_SIZES[block.level - 1] ?? 11;
      return {
        text: texts(block.runs),
        fontSize,
        bold: true,
        margin: [0, 10, 0, 5],
        headlineLevel: block.level,
      };
    }
    case "paragraph":
      return { text: texts(block.runs), margin: [0, 0, 0, 7] };
    case "item": {
      const mark = block.number === undefined ? "•" : `${block.number}.`;
      const width = block.number === undefined ? 10 : 20;
      return {
        columns: [{ text: mark, width }, { text: texts(block.runs) }],
        margin: [4 + INDENT_PT * block.depth, 0, 0, 3],
      };
    }
    case "quote":
      return { text: texts(block.runs), italics: true, color: "#475569", margin: [INDENT_PT, 0, 0, 7] };
    case "code":
      return {
        text: block.text,
        fontSize: 9,
        preserveLeadingSpaces: true,
        background: "#f1f5f9",
        margin: [0, 0, 0, 7],
      };
    case "table":
      return tableNode(block);
    case "chart":
      return { svg: chartSvg(block.chart), width: CHART_WIDTH_PT, margin: [0, 6, 0, 10] };
    case "rule":
      return {
        canvas: [
          { type: "line", x1: 0, y1: 0, x2: CHART_WIDTH_PT, y2: 0, lineWidth: 0.5, lineColor: "#94a3b8" },
        ],
        margin: [0, 6, 0, 8],
      };
  }
}

/** Tables of more columns lie across the page, in smaller letters. */
const COLUMNS_UPRIGHT = 6;
/** Letters that stand side by side in all columns together. */
const LETTERS_ACROSS = 90;

const columnsOf = ({ header, rows }: Table): number =>
  Math.max(1, header.length, ...rows.map((row) => row.length));

function tableNode(table: Table): PdfNode {
  const { header, rows } = table;
  const columns = columnsOf(table);
  const isWide = columns > COLUMNS_UPRIGHT;
  const longest = Math.floor((isWide ? 2 * LETTERS_ACROSS : LETTERS_ACROSS) / columns);
  const cells = (row: readonly (readonly Run[])[], extra: Record<string, unknown>): PdfNode[] =>
    Array.from({ length: columns }, (_, at) => {
      const runs = row[at] ?? [];
      const isLong = textOf(runs)
        .split(/\s/)
        .some((word) => word.length > longest);
      return { text: texts(runs), ...extra, ...(isLong ? { wordBreak: "break-all" } : {}) };
    });
  return {
    table: {
      headerRows: 1,
      widths: Array.from({ length: columns }, () => "auto"),
      body: [cells(header, { bold: true, fillColor: "#e2e8f0" }), ...rows.map((row) => cells(row, {}))],
    },
    fontSize: isWide ? 8 : 10,
    layout: {
      hLineWidth: () => 0.5,
      vLineWidth: () => 0.5,
      hLineColor: () => "#cbd5e1",
      vLineColor: () => "#cbd5e1",
    },
    margin: [0, 4, 0, 10],
  };
}

const texts = (runs: readonly Run[]): PdfNode[] =>
  runs.map(({ text, isBold, isItalic, isStruck, isCode, link }) => ({
    text,
    ...(isBold === true ? { bold: true } : {}),
    ...(isItalic === true ? { italics: true } : {}),
    ...(isStruck === true ? { decoration: "lineThrough" } : {}),
    ...(isCode === true ? { background: "#f1f5f9" } : {}),
    ...(link === undefined ? {} : { link, color: "#2563eb", decoration: "underline" }),
  }));
