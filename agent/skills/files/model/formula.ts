import type { CellRange } from "./cell-range.ts";
import {
  FUNCTIONS,
  NotComputed,
  numberOf,
  type Operand,
  type Scalar,
  scalarOf,
  textOfScalar,
} from "./formula-functions.ts";
import { type FormulaToken, type Operator, tokenize } from "./formula-tokens.ts";

/** Where the values of cells come from; `sheet` is undefined for the formula's own. Throws NotComputed. */
export type Lookup = (sheet: string | undefined, row: number, column: number) => Scalar;

/** Of a range, and of a formula in a formula. */
const RANGE_MAX_CELLS = 200_000;
const DEPTH_MAX = 60;

/** The value of a formula (without its "="). Throws NotComputed for what is an error or not known here. */
export function computeFormula(formula: string, lookup: Lookup): Exclude<Scalar, null> {
  const tokens = tokenize(formula);
  if (tokens === undefined) throw new NotComputed();
  const reader = new FormulaReader(tokens, lookup);
  const value = scalarOf(reader.comparison());
  if (!reader.isAtEnd() || (typeof value === "number" && !Number.isFinite(value))) throw new NotComputed();
  return value ?? 0;
}

/** Reads and computes in one go, from the operators that bind least to those that bind most. */
class FormulaReader {
  readonly #tokens: readonly FormulaToken[];
  readonly #lookup: Lookup;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly FormulaToken[], lookup: Lookup) {
    this.#tokens = tokens;
    this.#lookup = lookup;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  comparison(): Operand {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw new NotComputed();
    const value = this.#binary(["=", "<>", "<", ">", "<=", ">="], () =>
      this.#binary(["&"], () =>
        this.#binary(["+", "-"], () => this.#binary(["*", "/"], () => this.#power())),
      ),
    );
    this.#depth -= 1;
    return value;
  }

  #binary(operators: readonly Operator[], operand: () => Operand): Operand {
    let left = operand();
    for (let found = this.#take(operators); found !== undefined; found = this.#take(operators))
      left = apply(found, scalarOf(left), scalarOf(operand()));
    return left;
  }

  #power(): Operand {
    let left = this.#unary();
    while (this.#take(["^"]) !== undefined)
      left = numberOf(scalarOf(left)) ** numberOf(scalarOf(this.#unary()));
    return left;
  }

  #unary(): Operand {
    const sign = this.#take(["+", "-"]);
    if (sign === "-") return -numberOf(scalarOf(this.#unary()));
    if (sign === "+") return this.#unary();
    let value = this.#primary();
    while (this.#take(["%"]) !== undefined) value = numberOf(scalarOf(value)) / 100;
    return value;
  }

  #primary(): Operand {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token?.kind === "value") return token.value;
    if (token?.kind === "call") return this.#call(token.name);
    if (token?.kind === "reference") {
      const { fromRow, fromColumn } = token.range;
      if (token.isRange) return this.#values(token.sheet, token.range);
      return this.#lookup(token.sheet, fromRow, fromColumn);
    }
    if (token?.kind !== "(") throw new NotComputed();
    const value = this.comparison();
    this.#expect(")");
    return value;
  }

  #call(name: string): Operand {
    const operands: Operand[] = [];
    this.#expect("(");
    if (this.#tokens[this.#at]?.kind !== ")") {
      operands.push(this.comparison());
      while (this.#tokens[this.#at]?.kind === ",") {
        this.#at += 1;
        operands.push(this.comparison());
      }
    }
    this.#expect(")");
    if (name === "IF") {
      const chosen = numberOf(scalarOf(operands[0])) !== 0 ? operands[1] : (operands[2] ?? false);
      return scalarOf(chosen);
    }
    const compute = FUNCTIONS[name];
    if (compute === undefined) throw new NotComputed();
    return compute(operands);
  }

  #values(sheet: string | undefined, { fromRow, toRow, fromColumn, toColumn }: CellRange): Scalar[] {
    const columns = toColumn - fromColumn + 1;
    const cells = columns * (toRow - fromRow + 1);
    if (cells > RANGE_MAX_CELLS) throw new NotComputed();
    return Array.from({ length: cells }, (_, at) =>
      this.#lookup(sheet, fromRow + Math.floor(at / columns), fromColumn + (at % columns)),
    );
  }

  #take(operators: readonly Operator[]): Operator | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "operator" || !operators.includes(token.operator)) return undefined;
    this.#at += 1;
    return token.operator;
  }

  #expect(kind: "(" | ")"): void {
    if (this.#tokens[this.#at]?.kind !== kind) throw new NotComputed();
    this.#at += 1;
  }
}

function apply(operator: Operator, left: Scalar, right: Scalar): Scalar {
  if (operator === "&") return textOfScalar(left) + textOfScalar(right);
  if (operator === "+") return numberOf(left) + numberOf(right);
  if (operator === "-") return numberOf(left) - numberOf(right);
  if (operator === "*") return numberOf(left) * numberOf(right);
  if (operator === "/") {
    if (numberOf(right) === 0) throw new NotComputed();
    return numberOf(left) / numberOf(right);
  }
  const order = compare(left, right);
  if (operator === "=") return order === 0;
  if (operator === "<>") return order !== 0;
  if (operator === "<") return order < 0;
  if (operator === ">") return order > 0;
  return operator === "<=" ? order <= 0 : order >= 0;
}

/** An empty cell is as much as 0 or "", and texts are alike in either case; other kinds are not compared here. */
function compare(left: Scalar, right: Scalar): number {
  if (typeof left === "string" || typeof right === "string") {
    if (typeof (left ?? "") !== "string" || typeof (right ?? "") !== "string") throw new NotComputed();
    return textOfScalar(left).toLowerCase().localeCompare(textOfScalar(right).toLowerCase());
  }
  return numberOf(left) - numberOf(right);
}
