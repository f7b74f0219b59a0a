import { computeFormula } from "./formula.ts";
import { NotComputed, type Scalar } from "./formula-functions.ts";
import { type Cell, type Formula, isFormula, type Sheet } from "./sheet.ts";

/** Of all formulas together: looks at cells, and formulas that wait for each other. */
const LOOKUPS_MAX = 1_000_000;
const CHAIN_MAX = 100;

/**
 * The same sheets with the values of their formulas, so that also programs which do not compute show them. A formula whose
 * value is an error or uses a function that is not known here has none; Excel computes it. Returns how many have none.
 */
export function computeSheets(sheets: readonly Sheet[]): { sheets: Sheet[]; uncomputed: number } {
  const byName = new Map(sheets.map((sheet) => [sheet.name.toLowerCase(), sheet]));
  const known = new Map<Formula, Exclude<Scalar, null> | undefined>();
  const waiting = new Set<Formula>();
  let lookups = 0;

  const scalarOfCell = (cell: Cell | undefined, own: Sheet): Scalar => {
    if (cell === null || cell === undefined) return null;
    if (cell instanceof Date) return serialOf(cell);
    if (!isFormula(cell)) return cell;
    const value = compute(cell, own);
    if (value === undefined) throw new NotComputed();
    return value;
  };
  const compute = (cell: Formula, own: Sheet): Exclude<Scalar, null> | undefined => {
    if (known.has(cell)) return known.get(cell);
    if (waiting.has(cell) || waiting.size > CHAIN_MAX) throw new NotComputed();
    waiting.add(cell);
    let value: Exclude<Scalar, null> | undefined;
    try {
      value = computeFormula(cell.formula, (name, row, column) => {
        lookups += 1;
        const sheet = name === undefined ? own : byName.get(name.toLowerCase());
        if (sheet === undefined || lookups > LOOKUPS_MAX) throw new NotComputed();
        return scalarOfCell(sheet.rows[row]?.[column], sheet);
      });
    } catch (error) {
      // Left to Excel.
      if (!(error instanceof NotComputed)) throw error;
    } finally {
      waiting.delete(cell);
    }
    known.set(cell, value);
    return value;
  };

  let uncomputed = 0;
  const computed = sheets.map((sheet) => ({
    ...sheet,
    rows: sheet.rows.map((row) =>
      row.map((cell) => {
        if (!isFormula(cell)) return cell;
        const value = compute(cell, sheet);
        if (value === undefined) uncomputed += 1;
        return { formula: cell.formula, value };
      }),
    ),
  }));
  return { sheets: computed, uncomputed };
}

const DAY_MS = 86_400_000;
/** Excel counts days from here on (for days after February 1900). */
const EPOCH_MS = Date.UTC(1899, 11, 30);
export const serialOf = (date: Date): number => (date.getTime() - EPOCH_MS) / DAY_MS;
