import { ToolError } from "../../kit/tool-error.ts";
import { FILES_LIMITS } from "../limits.ts";
import { cellName, columnName } from "../model/cell-range.ts";
import { cellText, isFormula, type Sheet } from "../model/sheet.ts";
import { readSheetPart } from "./part.ts";

/** The cells of a part: a row a line with its number in front, tabs between cells; then the formulas in it. Throws ToolError. */
export function readSheets(sheets: readonly Sheet[], part: string | undefined): string {
  const names = sheets.map(({ name }) => name);
  const { sheet: name = names[0], rows, columns } = readSheetPart(part, names);
  const sheet = sheets.find((each) => each.name.toLowerCase() === name?.toLowerCase());
  if (sheet === undefined)
    throw new ToolError(`There is no sheet "${name}". The sheets are: ${names.slice(0, 20).join(", ")}.`);
  const height = sheet.rows.length;
  const width = sheet.rows.reduce((most, row) => Math.max(most, row.length), 0);
  if (rows.from > height && height > 0)
    throw new ToolError(`There is no row ${rows.from}: the sheet has ${height}.`);
  const last = Math.min(rows.to, height);
  const lines: string[] = [];
  const formulas: string[] = [];
  let chars = 0;
  let at = Math.max(rows.from, 1);
  for (; at <= last; at += 1) {
    const cells = sheet.rows[at - 1]?.slice(columns.from - 1, columns.to) ?? [];
    const words = cells.map((cell) => cellText(cell).replaceAll(/\s+/g, " "));
    const line = `${at}\t${words.join("\t").trimEnd()}`;
    if (lines.length > 0 && chars + line.length > FILES_LIMITS.readMaxChars) break;
    lines.push(line.slice(0, FILES_LIMITS.readMaxChars));
    chars += line.length + 1;
    for (const [index, cell] of cells.entries())
      if (isFormula(cell)) formulas.push(`${cellName(at - 1, columns.from - 1 + index)}=${cell.formula}`);
  }
  const others = names.filter((each) => each !== sheet.name);
  return [
    `[Sheet ${sheet.name}: ${height} rows, columns A-${columnName(Math.max(width - 1, 0))}${others.length === 0 ? "" : `; other sheets: ${others.slice(0, 30).join(", ")}`}]`,
    ...lines,
    ...(formulas.length === 0 ? [] : [formulasLine(formulas)]),
    ...(at <= last ? [`[Next: part "${sheet.name}!${at}-"]`] : []),
  ].join("\n");
}

function formulasLine(formulas: readonly string[]): string {
  const shown = formulas.slice(0, FILES_LIMITS.formulasShownMax);
  const more = formulas.length > shown.length ? ` … ${formulas.length} in all` : "";
  return `[Formulas: ${shown.join("; ").slice(0, 3_000)}${more}]`;
}
