import { parse } from "csv-parse/sync";
import { ToolError } from "../../kit/tool-error.ts";
import { FILES_LIMITS } from "../limits.ts";
import { type Cell, dayOf } from "../model/sheet.ts";

const SAMPLE_CHARS = 20_000;
const SAMPLE_LINES = 20;

/** The comma comes last, because it is also in numbers and sentences. */
const DELIMITERS = [";", "\t", "|", ","] as const;

/** The mark that is in each of the first lines as often, else the one that is in them most often; quotes are left out. */
function delimiterOf(text: string): string {
  const sample = text.slice(0, SAMPLE_CHARS).replaceAll(/"[^"]*"/g, "");
  const lines = sample.split(/\r?\n/).filter((line) => line !== "");
  const counts = DELIMITERS.map((mark) => ({
    mark,
    total: sample.split(mark).length - 1,
    each: lines.slice(0, SAMPLE_LINES).map((line) => line.split(mark).length - 1),
  }));
  const even = counts.find(({ each }) => (each[0] ?? 0) > 0 && each.every((count) => count === each[0]));
  return (even ?? counts.toSorted((a, b) => b.total - a.total)[0])?.mark ?? ",";
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
