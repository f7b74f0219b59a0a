import { type CellRange, readRange } from "./cell-range.ts";

export type Operator = "+" | "-" | "*" | "/" | "^" | "&" | "=" | "<>" | "<" | ">" | "<=" | ">=" | "%";

export type FormulaToken =
  | { kind: "value"; value: string | number | boolean }
  | { kind: "reference"; sheet: string | undefined; range: CellRange; isRange: boolean }
  | { kind: "call"; name: string }
  | { kind: "operator"; operator: Operator }
  | { kind: "(" | ")" | "," };

const TOKEN =
  /\s*(?:(?<number>\d+(?:\.\d*)?(?:E[+-]?\d+)?|\.\d+)|"(?<text>(?:[^"]|"")*)"|(?<call>[A-Z][A-Z0-9.]*)\(|(?:(?:'(?<quoted>(?:[^']|'')+)'|(?<sheet>[\p{L}_][\p{L}\p{N}_.]*))!)?(?<range>\$?[A-Z]{1,3}\$?\d+(?::\$?[A-Z]{1,3}\$?\d+)?)(?![\p{L}\p{N}_(])|(?<boolean>TRUE|FALSE)(?![\p{L}\p{N}_(])|(?<operator><>|<=|>=|[-+*/^&=<>%])|(?<mark>[(),]))\s*/iuy;

/** undefined where there is something that is not known here, such as names and arrays. */
export function tokenize(formula: string): FormulaToken[] | undefined {
  const tokens: FormulaToken[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < formula.length) {
    const groups = TOKEN.exec(formula)?.groups;
    const token = groups === undefined ? undefined : tokenOf(groups);
    if (token === undefined) return undefined;
    tokens.push(token);
    if (token.kind === "call") tokens.push({ kind: "(" });
  }
  return tokens;
}

function tokenOf(groups: Record<string, string | undefined>): FormulaToken | undefined {
  const { number, text, call, quoted, sheet, range, boolean, operator, mark } = groups;
  if (number !== undefined) return { kind: "value", value: Number(number) };
  if (text !== undefined) return { kind: "value", value: text.replaceAll('""', '"') };
  if (call !== undefined) return { kind: "call", name: call.toUpperCase() };
  if (boolean !== undefined) return { kind: "value", value: boolean.toUpperCase() === "TRUE" };
  if (operator !== undefined && isOperator(operator)) return { kind: "operator", operator };
  if (mark === "(" || mark === ")" || mark === ",") return { kind: mark };
  const cells = range === undefined ? undefined : readRange(range);
  if (cells === undefined) return undefined;
  return {
    kind: "reference",
    sheet: quoted?.replaceAll("''", "'") ?? sheet,
    range: cells,
    isRange: range?.includes(":") === true,
  };
}

const OPERATORS: readonly string[] = ["+", "-", "*", "/", "^", "&", "=", "<>", "<", ">", "<=", ">=", "%"];
const isOperator = (text: string): text is Operator => OPERATORS.includes(text);
