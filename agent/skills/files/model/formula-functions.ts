/** `null` is an empty cell. */
export type Scalar = string | number | boolean | null;
/** One value, or the values of a range, row by row. */
export type Operand = Scalar | readonly Scalar[];

/** Where a formula has no value that is known here: Excel computes it when the file is opened. */
export class NotComputed extends Error {
  override readonly name = "NotComputed";
}

export function numberOf(value: Scalar): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === null) return 0;
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (!Number.isFinite(number)) throw new NotComputed();
  return number;
}

export const textOfScalar = (value: Scalar): string => {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  return typeof value === "number" ? String(Number(value.toPrecision(15))) : value;
};

export function scalarOf(operand: Operand | undefined): Scalar {
  if (operand === undefined || isList(operand)) throw new NotComputed();
  return operand;
}

/** What the functions over ranges count: numbers of ranges, and whatever is given by itself. */
const numbers = (operands: readonly Operand[]): number[] =>
  operands.flatMap((operand) =>
    isList(operand) ? operand.filter((value) => typeof value === "number") : [numberOf(operand)],
  );

const isList = (operand: Operand): operand is readonly Scalar[] => Array.isArray(operand);
const number = (operands: readonly Operand[], at: number): number => numberOf(scalarOf(operands[at]));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const rounded = (how: (value: number) => number) => (operands: readonly Operand[]) => {
  const value = number(operands, 0);
  const digits = operands.length > 1 ? number(operands, 1) : 0;
  // By way of the decimal notation: 1.005 * 100 is a little less than 100.5.
  const [mantissa = "0", exponent = "0"] = String(Math.abs(value)).split("e");
  const scaled = how(Number(`${mantissa}e${Number(exponent) + digits}`));
  return Math.sign(value) * Number(`${scaled}e${-digits}`);
};

/** The ends of a list, of which an empty one has none. */
function some(values: readonly number[]): readonly number[] {
  if (values.length === 0) throw new NotComputed();
  return values;
}

const CRITERION = /^(<>|<=|>=|=|<|>)?(.*)$/s;

/** Whether a value meets what SUMIF and COUNTIF are told, e.g. ">5" or "open". Wildcards are not known here. */
function meets(criterion: Scalar): (value: Scalar) => boolean {
  const [, operator = "=", wanted = ""] = CRITERION.exec(textOfScalar(criterion)) ?? [];
  if (/[*?]/.test(wanted)) throw new NotComputed();
  const wantedNumber = wanted.trim() === "" ? Number.NaN : Number(wanted);
  return (value) => {
    const isNumber = typeof value === "number" && !Number.isNaN(wantedNumber);
    const isEqual = isNumber
      ? value === wantedNumber
      : textOfScalar(value).toLowerCase() === wanted.toLowerCase();
    if (operator === "=") return isEqual;
    if (operator === "<>") return !isEqual;
    if (!isNumber) return false;
    if (operator === "<") return value < wantedNumber;
    if (operator === ">") return value > wantedNumber;
    return operator === "<=" ? value <= wantedNumber : value >= wantedNumber;
  };
}

const list = (operand: Operand | undefined): readonly Scalar[] => {
  if (operand === undefined) throw new NotComputed();
  return isList(operand) ? operand : [operand];
};

function sumIf(operands: readonly Operand[]): number[] {
  const isMet = meets(scalarOf(operands[1]));
  const values = list(operands[2] ?? operands[0]);
  return list(operands[0]).flatMap((value, at) => {
    const counted = values[at];
    return isMet(value) && typeof counted === "number" ? [counted] : [];
  });
}

/** The functions whose operands are all computed before them. Those that are not here are left to Excel. */
export const FUNCTIONS: Readonly<Record<string, (operands: readonly Operand[]) => Scalar>> = {
  SUM: (operands) => sum(numbers(operands)),
  PRODUCT: (operands) => numbers(operands).reduce((product, value) => product * value, 1),
  AVERAGE: (operands) => sum(some(numbers(operands))) / numbers(operands).length,
  MIN: (operands) =>
    some(numbers(operands)).reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
  MAX: (operands) =>
    some(numbers(operands)).reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  MEDIAN: (operands) => {
    const sorted = some(numbers(operands)).toSorted((a, b) => a - b);
    const half = Math.floor(sorted.length / 2);
    const upper = sorted[half] ?? 0;
    return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? 0)) / 2;
  },
  COUNT: (operands) => operands.flatMap(list).filter((value) => typeof value === "number").length,
  COUNTA: (operands) => operands.flatMap(list).filter((value) => value !== null).length,
  COUNTIF: (operands) => list(operands[0]).filter(meets(scalarOf(operands[1]))).length,
  SUMIF: (operands) => sum(sumIf(operands)),
  AVERAGEIF: (operands) => sum(some(sumIf(operands))) / sumIf(operands).length,
  ROUND: rounded(Math.round),
  ROUNDUP: rounded(Math.ceil),
  ROUNDDOWN: rounded(Math.floor),
  ABS: (operands) => Math.abs(number(operands, 0)),
  INT: (operands) => Math.floor(number(operands, 0)),
  SQRT: (operands) => Math.sqrt(number(operands, 0)),
  POWER: (operands) => number(operands, 0) ** number(operands, 1),
  MOD: (operands) =>
    number(operands, 0) - number(operands, 1) * Math.floor(number(operands, 0) / number(operands, 1)),
  AND: (operands) => operands.flatMap(list).every((value) => numberOf(value) !== 0),
  OR: (operands) => operands.flatMap(list).some((value) => numberOf(value) !== 0),
  NOT: (operands) => number(operands, 0) === 0,
  LEN: (operands) => textOfScalar(scalarOf(operands[0])).length,
  UPPER: (operands) => textOfScalar(scalarOf(operands[0])).toUpperCase(),
  LOWER: (operands) => textOfScalar(scalarOf(operands[0])).toLowerCase(),
  CONCATENATE: (operands) => operands.map((operand) => textOfScalar(scalarOf(operand))).join(""),
  CONCAT: (operands) => operands.flatMap(list).map(textOfScalar).join(""),
};
