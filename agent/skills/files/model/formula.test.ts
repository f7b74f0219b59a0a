import { describe, expect, it } from "vitest";
import { computeSheets } from "./compute-sheets.ts";
import { computeFormula } from "./formula.ts";
import { NotComputed } from "./formula-functions.ts";
import { cellText, type Sheet } from "./sheet.ts";

const CELLS = [
  [1, 2, "x"],
  [4, null, "Y"],
  [10, true, "x"],
];
const compute = (formula: string) =>
  computeFormula(formula, (_, row, column) => CELLS[row]?.[column] ?? null);

describe("computeFormula", () => {
  it.each([
    ["1+2*3", 7],
    ["-2^2", 4],
    ["2^3^2", 64],
    ["(1+2)*3%", 0.09],
    ["10/4-1", 1.5],
    ['"a"&A1&"b"', "a1b"],
    ["A1<B1", true],
    ['C1="X"', true],
    ["SUM(A1:B3)", 17],
    ["SUM(A1:A2,5,$A$3)", 20],
    ["AVERAGE(A1:A3)", 5],
    ["MEDIAN(A1:A3)", 4],
    ["MIN(A1:A3)+MAX(A1:A3)", 11],
    ["COUNT(A1:C3)", 4],
    ["COUNTA(A1:C3)", 8],
    ['COUNTIF(C1:C3,"x")', 2],
    ['SUMIF(A1:A3,">3")', 14],
    ['SUMIF(C1:C3,"x",A1:A3)', 11],
    ["ROUND(1.005,2)", 1.01],
    ["ROUND(-2.5,0)", -3],
    ["ROUNDUP(1234,-2)", 1300],
    ["MOD(-3,2)", 1],
    ['IF(A1>5,"big",IF(B1=2,"two","small"))', "two"],
    ["IF(FALSE,1)", false],
    ["AND(A1=1,OR(B1=3,NOT(FALSE)))", true],
    ["B2", 0],
  ])("%s is %j", (formula, value) => expect(compute(formula)).toBe(value));

  it.each([
    "1/0",
    "XLOOKUP(1,A1:A2,B1:B2)",
    "SUM(A1",
    "A1:A2",
    '"a"+1',
    "NAME",
    "#REF!",
    "{1,2}",
    "SQRT(-1)",
    "1 2",
    "",
  ])("%s is left to Excel", (formula) => expect(() => compute(formula)).toThrow(NotComputed));
});

describe("computeSheets", () => {
  const sheet = (name: string, formulas: string[][]): Sheet => ({
    name,
    rows: formulas.map((row) => row.map((formula) => ({ formula, value: undefined }))),
    formats: {},
    charts: [],
  });

  it("follows references between sheets, and leaves circles to Excel", () => {
    const { sheets, uncomputed } = computeSheets([
      sheet("One", [["'Two b'!A1+1", "B1"]]),
      sheet("Two b", [["2*3", "One!A1"]]),
    ]);
    expect(sheets.map(({ rows }) => rows[0]?.map(cellText))).toEqual([
      ["7", "=B1"],
      ["6", "7"],
    ]);
    expect(uncomputed).toBe(1);
  });

  it("ends when there is too much to compute", () => {
    const before = Date.now();
    const formulas = Array.from({ length: 3_000 }, () => ["SUM(Z1:Z100000)"]);
    expect(computeSheets([sheet("S", formulas)]).uncomputed).toBeGreaterThan(2_900);
    expect(Date.now() - before).toBeLessThan(20_000);
  });
});
