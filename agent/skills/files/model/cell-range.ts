import { ToolError } from "../../kit/tool-error.ts";

/** Zero-based, both ends included. */
export interface CellRange {
  fromRow: number;
  toRow: number;
  fromColumn: number;
  toColumn: number;
}

/** 0 is "A", 26 "AA". */
export function columnName(index: number): string {
  let name = "";
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26))
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name;
  return name;
}

export function columnIndex(name: string): number {
  let index = 0;
  for (const letter of name.toUpperCase()) index = index * 26 + letter.charCodeAt(0) - 64;
  return index - 1;
}

export const cellName = (row: number, column: number): string => `${columnName(column)}${row + 1}`;

const RANGE = /^\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?$/i;

/** Reads "B2:D9" or "B2", with or without $. undefined when it is none. */
export function readRange(text: string): CellRange | undefined {
  const [, column = "", row = "", toColumn = column, toRow = row] = RANGE.exec(text.trim()) ?? [];
  if (column === "" || Number(row) < 1 || Number(toRow) < 1) return undefined;
  const columns = [columnIndex(column), columnIndex(toColumn)];
  const rows = [Number(row) - 1, Number(toRow) - 1];
  return {
    fromRow: Math.min(...rows),
    toRow: Math.max(...rows),
    fromColumn: Math.min(...columns),
    toColumn: Math.max(...columns),
  };
}

export function requireRange(text: string): CellRange {
  const range = readRange(text);
  if (range === undefined)
    throw new ToolError(`"${text}" is no range of cells. Write one like "B2:B9", of the same sheet.`);
  return range;
}

export const rangeName = (range: CellRange, isFixed = false): string => {
  const part = (row: number, column: number): string =>
    isFixed ? `$${columnName(column)}$${row + 1}` : cellName(row, column);
  return `${part(range.fromRow, range.fromColumn)}:${part(range.toRow, range.toColumn)}`;
};
