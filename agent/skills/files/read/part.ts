import { ToolError } from "../../kit/tool-error.ts";
import { readRange } from "../model/cell-range.ts";

/** From and to count from 1 (characters from 0), both included; `to` is infinite where only a beginning was named. */
export interface Span {
  from: number;
  to: number;
}

const SPAN = /^\s*(\d{1,9})\s*(?:(-|–|to|\.\.)\s*(\d{1,9})?)?\s*$/;

/** Reads "3", "3-10" or "3-". undefined when it is none. */
function readSpan(text: string): Span | undefined {
  const [, from, dash, to] = SPAN.exec(text) ?? [];
  if (from === undefined) return undefined;
  if (dash === undefined) return { from: Number(from), to: Number(from) };
  return { from: Number(from), to: to === undefined ? Number.POSITIVE_INFINITY : Number(to) };
}

/** The part of a document that has `count` of what `unit` names. Throws ToolError. */
export function requireSpan(part: string | undefined, unit: string, count: number): Span {
  if (part === undefined) return { from: 1, to: count };
  const span = readSpan(part);
  if (span === undefined || span.from < 1 || span.to < span.from)
    throw new ToolError(`For this file, part is ${unit}s like "3" or "3-10".`);
  if (span.from > count) throw new ToolError(`There is no ${unit} ${span.from}: the file has ${count}.`);
  return { from: span.from, to: Math.min(span.to, count) };
}

/** Characters from an offset on, at most `max`. Throws ToolError. */
export function requireChars(part: string | undefined, length: number, max: number): Span {
  const span = part === undefined ? { from: 0, to: max } : readSpan(part);
  if (span === undefined || (span.to <= span.from && part?.includes("-") === true))
    throw new ToolError('For this file, part is characters like "20000-40000".');
  if (span.from >= length && length > 0)
    throw new ToolError(`There is no character ${span.from}: the text has ${length}.`);
  const to = span.to === span.from ? Number.POSITIVE_INFINITY : span.to;
  return { from: span.from, to: Math.min(to, span.from + max, length) };
}

/** What part of a workbook; all rows and columns by default. */
export interface SheetPart {
  sheet: string | undefined;
  rows: Span;
  columns: Span;
}

const ALL: Span = { from: 1, to: Number.POSITIVE_INFINITY };

/** Reads "Costs!200-400", "Costs!A1:D9", "200-400", "A1:D9" or the name of a sheet. */
export function readSheetPart(part: string | undefined, names: readonly string[]): SheetPart {
  if (part === undefined) return { sheet: undefined, rows: ALL, columns: ALL };
  const named = names.find((name) => name.toLowerCase() === part.trim().toLowerCase());
  if (named !== undefined) return { sheet: named, rows: ALL, columns: ALL };
  const mark = part.lastIndexOf("!");
  const sheet = mark < 0 ? undefined : part.slice(0, mark).trim().replaceAll(/^'|'$/g, "");
  const place = part.slice(mark + 1);
  const rows = readSpan(place);
  if (rows !== undefined) return { sheet, rows, columns: ALL };
  const range = readRange(place);
  if (range === undefined)
    throw new ToolError(
      `part is a sheet (${names.slice(0, 10).join(", ")}), rows ("${names[0]}!200-400") or cells ("${names[0]}!A1:D9").`,
    );
  return {
    sheet,
    rows: { from: range.fromRow + 1, to: range.toRow + 1 },
    columns: { from: range.fromColumn + 1, to: range.toColumn + 1 },
  };
}
