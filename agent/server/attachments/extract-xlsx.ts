import readWorkbook from "read-excel-file/universal";
import { FileError } from "./file-error.ts";
import { SHEET_MAX_ROWS, SHEETS_MAX, TEXT_MAX_CHARS } from "./limits.ts";
import { type CutText, cutText } from "./plain-text.ts";

/**
 * The cells of an Excel workbook, from an archive made by `unpackDocument`: each sheet under a heading with its name,
 * a row a line, tabs between cells, empty rows left out. Throws a FileError.
 */
export async function extractXlsx(archive: Uint8Array): Promise<CutText> {
  const sheets = await readWorkbook(new Blob([new Uint8Array(archive)]));
  const parts: string[] = [];
  let chars = 0;
  let isCut = sheets.length > SHEETS_MAX;
  let hasCells = false;
  const add = (line: string): void => {
    parts.push(line);
    chars += line.length + 1;
  };
  for (const { sheet, data } of sheets.slice(0, SHEETS_MAX)) {
    add(`[Sheet: ${oneLine(sheet)}]`);
    isCut ||= data.length > SHEET_MAX_ROWS;
    for (const row of data.slice(0, SHEET_MAX_ROWS)) {
      if (chars > TEXT_MAX_CHARS) break;
      const line = row.map(cellText).join("\t").trimEnd();
      if (line === "") continue;
      add(line);
      hasCells = true;
    }
    add("");
  }
  if (!hasCells) throw new FileError("no-text");
  const cut = cutText(parts.join("\n").trimEnd());
  return { text: cut.text, isCut: isCut || cut.isCut };
}

/** Dates come without a time zone, as UTC; those at midnight are days. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) return "";
    return value
      .toISOString()
      .replace("T00:00:00.000Z", "")
      .replace(/\.000Z$/, "Z");
  }
  return oneLine(String(value));
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ");
