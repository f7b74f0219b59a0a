import { extname } from "node:path";
import { ToolError } from "../kit/tool-error.ts";
import { FILES_LIMITS } from "./limits.ts";
import { readRange } from "./model/cell-range.ts";
import { computeSheets } from "./model/compute-sheets.ts";
import { readMarkdown } from "./model/markdown.ts";
import { type Cell, dayOf, type Sheet, type SheetInput } from "./model/sheet.ts";
import { type MadeFile, makeDocument, makeSheets } from "./write/make.ts";
import { isDocumentTarget, isSheetTarget } from "./write/target.ts";

/** Makes a file of what the model wrote, of the kind that its name says. Throws ToolError. */
export async function createFile(
  path: string,
  content: string | undefined,
  sheets: readonly SheetInput[] | undefined,
): Promise<MadeFile> {
  const kind = extname(path).slice(1).toLowerCase();
  if (isSheetTarget(kind)) {
    if (sheets === undefined || sheets.length === 0)
      throw new ToolError(`A ${kind} is made of sheets: give them, and no content.`);
    return createSheets(sheets, kind);
  }
  if (!isDocumentTarget(kind))
    throw new ToolError("The path must end in .md, .txt, .docx, .pdf, .pptx, .xlsx or .csv.");
  if (content === undefined)
    throw new ToolError(`A ${kind} is made of content, in Markdown: give it, and no sheets.`);
  if (kind === "md" || kind === "txt") return { bytes: Buffer.from(content), note: "" };
  return makeDocument(readMarkdown(content), kind);
}

function createSheets(inputs: readonly SheetInput[], kind: "xlsx" | "csv"): MadeFile {
  const cells = inputs.flatMap(({ rows }) => rows).reduce((count, row) => count + row.length, 0);
  if (cells > FILES_LIMITS.cellsMax)
    throw new ToolError(
      `${cells} cells are too many at once (${FILES_LIMITS.cellsMax} at most). Make a CSV with the shell and convert it.`,
    );
  const names = sheetNames(inputs.map(({ name }) => name));
  const all = inputs.map((input, at): Sheet => {
    requireCharts(input);
    return {
      name: names[at] ?? `Sheet${at + 1}`,
      rows: input.rows.map((row) => row.map(kind === "csv" ? plainCell : inputCell)),
      formats: input.formats ?? {},
      charts: input.charts ?? [],
    };
  });
  const { sheets, uncomputed } = computeSheets(all);
  const made = makeSheets(sheets, kind);
  const note =
    uncomputed === 0
      ? ""
      : `Formulas without a value yet: ${uncomputed}. Excel computes them when it opens the file.`;
  return { ...made, note: [made.note, kind === "xlsx" ? note : ""].filter(Boolean).join(" ") };
}

/** A CSV holds what was written, also where it would be a formula in a sheet. */
const plainCell = (cell: SheetInput["rows"][number][number]): Cell => cell;

function inputCell(cell: SheetInput["rows"][number][number]): Cell {
  if (typeof cell !== "string") return cell;
  if (cell.startsWith("'=")) return cell.slice(1);
  if (cell.startsWith("=") && cell.length > 1)
    return { formula: requireFormula(cell.slice(1)), value: undefined };
  return dayOf(cell) ?? cell;
}

const TEXTS_AND_NAMES = /"(?:[^"]|"")*"|'(?:[^']|'')*'/g;
const BROKEN_FORMULA = /^[=*/^&<>,)\s]|[-+*/^&=<>,(]\s*$|["';]/;

/** Excel calls a whole workbook damaged for one formula that it cannot read. */
function requireFormula(formula: string): string {
  const bare = formula.replaceAll(TEXTS_AND_NAMES, "A1").replaceAll(/\{[^{}]*\}/g, "A1");
  let open = 0;
  const isBalanced = [...bare].every((mark) => {
    open += mark === "(" ? 1 : mark === ")" ? -1 : 0;
    return open >= 0;
  });
  if (isBalanced && open === 0 && !BROKEN_FORMULA.test(bare)) return formula;
  throw new ToolError(
    `"=${formula.slice(0, 80)}" is no formula that Excel reads: functions are in English, with commas. A text that begins with = is written '=.`,
  );
}

/** Names as Excel takes them: short, each once, without some signs. */
export function sheetNames(wanted: readonly (string | undefined)[]): string[] {
  const taken = new Set<string>();
  return wanted.map((name, at) => {
    const cleaned = (name ?? "").replaceAll(/[\\/?*:[\]\p{Cc}]/gu, " ").replaceAll(/^['\s]+|['\s]+$/g, "");
    const base = cleaned.slice(0, FILES_LIMITS.sheetNameMaxChars).trim() || `Sheet${at + 1}`;
    let unique = base;
    for (let number = 2; taken.has(unique.toLowerCase()); number += 1) {
      const end = ` ${number}`;
      unique = base.slice(0, FILES_LIMITS.sheetNameMaxChars - end.length) + end;
    }
    taken.add(unique.toLowerCase());
    return unique;
  });
}

function requireCharts({ rows, charts = [] }: SheetInput): void {
  for (const { labels, series } of charts)
    for (const text of [labels, ...series]) {
      const range = readRange(text);
      if (range === undefined)
        throw new ToolError(
          `"${text}" is no range of cells. A chart takes ranges of its own sheet, like "B2:B9".`,
        );
      if (range.toRow >= rows.length)
        throw new ToolError(
          `The chart's range ${text} goes beyond the sheet, which has ${rows.length} rows.`,
        );
      if (range.fromColumn !== range.toColumn && range.fromRow !== range.toRow)
        throw new ToolError(
          `The chart's range ${text} must be one column or one row; give a range for each series.`,
        );
    }
}
