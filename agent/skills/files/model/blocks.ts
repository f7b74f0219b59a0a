import type { Chart } from "./chart.ts";

/** A stretch of text in one look. */
export interface Run {
  text: string;
  isBold?: boolean;
  isItalic?: boolean;
  isStruck?: boolean;
  isCode?: boolean;
  /** Where it leads. */
  link?: string;
}

export interface Table {
  header: readonly Run[][];
  rows: readonly Run[][][];
}

/**
 * A document as the readers tell it and the writers take it: a flat list, in the order of reading. A list item knows how
 * deep it lies; a number makes it one of a numbered list.
 */
export type Block =
  | { kind: "heading"; level: number; runs: readonly Run[] }
  | { kind: "paragraph"; runs: readonly Run[] }
  | { kind: "item"; depth: number; number: number | undefined; runs: readonly Run[] }
  | { kind: "quote"; runs: readonly Run[] }
  | { kind: "code"; text: string }
  | ({ kind: "table" } & Table)
  | { kind: "chart"; chart: Chart }
  | { kind: "rule" }
  | { kind: "page-break" };

export const plain = (text: string): Run[] => (text === "" ? [] : [{ text }]);
export const textOf = (runs: readonly Run[]): string => runs.map(({ text }) => text).join("");

/** A table of texts; the first row is its header. */
export function tableOf(rows: readonly (readonly string[])[]): Block {
  const [header = [], ...rest] = rows;
  return { kind: "table", header: header.map(plain), rows: rest.map((row) => row.map(plain)) };
}

/** The same document with no more than so many rows of tables, and how many were left out. */
export function limitRows(blocks: readonly Block[], max: number): { blocks: Block[]; leftOut: number } {
  let room = max;
  let leftOut = 0;
  const limited = blocks.map((block) => {
    if (block.kind !== "table") return block;
    const rows = block.rows.slice(0, room);
    room -= rows.length;
    leftOut += block.rows.length - rows.length;
    return { ...block, rows };
  });
  return { blocks: limited, leftOut };
}
