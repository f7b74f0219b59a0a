import { type Static, Type } from "typebox";
import { FILES_LIMITS } from "../limits.ts";
import { ChartType } from "./chart.ts";

/**
 * A cell as the model writes it: a text that begins with "=" is a formula, "2026-05-31" a date. One list of types and no union:
 * openclaw turns what it passes on into the first type of a union that it can be made to fit, and numbers into texts.
 */
export const CellInput = Type.Unsafe<string | number | boolean | null>({
  type: ["string", "number", "boolean", "null"],
  maxLength: FILES_LIMITS.cellMaxChars,
});

/** Ranges are of the same sheet, e.g. "A2:A9"; the name of a series is the cell above its range, where that holds text. */
export const SheetChart = Type.Object(
  {
    type: ChartType,
    title: Type.Optional(Type.String({ maxLength: 200 })),
    labels: Type.String({ maxLength: 30 }),
    series: Type.Array(Type.String({ maxLength: 30 }), {
      minItems: 1,
      maxItems: FILES_LIMITS.chartSeriesMax,
    }),
  },
  { additionalProperties: false },
);
export type SheetChart = Static<typeof SheetChart>;

export const SheetInput = Type.Object(
  {
    name: Type.Optional(Type.String({ maxLength: 100 })),
    rows: Type.Array(Type.Array(CellInput, { maxItems: FILES_LIMITS.columnsMax }), {
      description: 'Cells; "=SUM(B2:B4)" is a formula, "2026-05-31" a date',
    }),
    formats: Type.Optional(
      Type.Record(Type.String(), Type.String({ maxLength: 60 }), {
        description: 'By column, e.g. {"B":"#,##0.00"}',
      }),
    ),
    charts: Type.Optional(Type.Array(SheetChart, { maxItems: FILES_LIMITS.chartsMax })),
  },
  { additionalProperties: false },
);
export type SheetInput = Static<typeof SheetInput>;

/** A formula's text has no "="; its value is undefined where it could not be computed here. */
export interface Formula {
  formula: string;
  value: string | number | boolean | undefined;
}
/** `null` is an empty cell; a date is in UTC. */
export type Cell = string | number | boolean | Date | null | Formula;

export interface Sheet {
  name: string;
  rows: readonly (readonly Cell[])[];
  formats: Readonly<Record<string, string>>;
  charts: readonly SheetChart[];
}

export const isFormula = (cell: Cell | undefined): cell is Formula =>
  typeof cell === "object" && cell !== null && "formula" in cell;

/** A day is written as a day; the time of day only where there is one. */
export function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return "";
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? "" : dateText(cell);
  if (isFormula(cell)) return cell.value === undefined ? `=${cell.formula}` : String(cell.value);
  return String(cell);
}

const dateText = (date: Date): string =>
  date
    .toISOString()
    .replace("T00:00:00.000Z", "")
    .replace(/(?:\.000)?Z$/, "");

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** The day that a text names as year-month-day; undefined when there is none such. */
export function dayOf(text: string): Date | undefined {
  if (!DAY.test(text)) return undefined;
  const date = new Date(`${text}T00:00:00Z`);
  const isReal = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
  return isReal && date.getUTCFullYear() >= 1901 ? date : undefined;
}
