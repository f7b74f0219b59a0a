import { parse } from "csv-parse/sync";
import { ToolError } from "../../kit/tool-error.ts";
import { FILES_LIMITS } from "../limits.ts";
import { type Cell, dayOf } from "../model/sheet.ts";

const SAMPLE_CHARS = 20_000;

/** The mark that parts most cells in the first lines, outside of quotes. */
function delimiterOf(text: string): string {
  const sample = text.slice(0, SAMPLE_CHARS).replaceAll(/"[^"]*"/g, "");
  const count = (mark: string): number => sample.split(mark).length;
  return [",", ";", "\t", "|"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

/** Reads a CSV of any delimiter. Throws ToolError. */
export function readCsv(text: string): { rows: string[][]; delimiter: string } {
  const delimiter = delimiterOf(text);
  try {
    const rows = parse(text, {
      ...{ delimiter, bom: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true },
      to: FILES_LIMITS.rowsMax + 1,
    });
    return { rows, delimiter };
  } catch (error) {
    throw new ToolError("The CSV is broken: a quote is not closed or stands in the wrong place.", {
      cause: error,
    });
  }
}

const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/;
const COMMA_NUMBER = /^-?(?:0|[1-9]\d{0,14}),\d{1,15}$/;

/**
 * The cell that a stranger's text makes: a number or a day where it is one beyond doubt, else the text itself, never a
 * formula. Numbers with zeros in front or many digits are names of something, and stay.
 */
export function cellOf(text: string, delimiter: string): Cell {
  if (text === "") return null;
  if (NUMBER.test(text)) return Number(text);
  if (delimiter === ";" && COMMA_NUMBER.test(text)) return Number(text.replace(",", "."));
  return dayOf(text) ?? text.slice(0, FILES_LIMITS.cellMaxChars);
}
