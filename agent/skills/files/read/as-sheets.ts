import { ToolError } from "../../kit/tool-error.ts";
import { FILES_LIMITS } from "../limits.ts";
import { textOf } from "../model/blocks.ts";
import type { Sheet } from "../model/sheet.ts";
import { readAsDocument } from "./as-document.ts";
import { cellOf, readCsv } from "./csv.ts";
import type { OpenedFile } from "./kind.ts";
import { readXlsx } from "./xlsx.ts";

/** A file as sheets: its own, or one for each of its tables. Words of a file never become formulas. Throws ToolError. */
export async function readAsSheets(file: OpenedFile): Promise<Sheet[]> {
  const sheets = await sheetsOf(file);
  const tall = sheets.find(({ rows }) => rows.length > FILES_LIMITS.rowsMax);
  if (tall !== undefined)
    throw new ToolError(
      `It has more than ${FILES_LIMITS.rowsMax} rows, too many to convert at once. Split it with the shell.`,
    );
  return sheets;
}

async function sheetsOf(file: OpenedFile): Promise<Sheet[]> {
  if (file.kind === "xlsx") return readXlsx(file.archive);
  if (file.kind === "csv" || file.kind === "txt") {
    const { rows, delimiter } = readCsv(file.text);
    return [sheetOf("Sheet1", rows, delimiter)];
  }
  const { blocks } = await readAsDocument(file);
  const tables = blocks.filter((block) => block.kind === "table");
  if (tables.length === 0) throw new ToolError("There is no table in the file that could become a sheet.");
  return tables.slice(0, FILES_LIMITS.sheetsMax).map(({ header, rows }, at) =>
    sheetOf(
      `Table${at + 1}`,
      [header, ...rows].map((row) => row.map(textOf)),
      ",",
    ),
  );
}

const sheetOf = (name: string, rows: readonly (readonly string[])[], delimiter: string): Sheet => ({
  name,
  rows: rows.map((row) => row.map((text) => cellOf(text, delimiter))),
  formats: {},
  charts: [],
});
