import { cellName, columnIndex } from "../model/cell-range.ts";
import { serialOf } from "../model/compute-sheets.ts";
import { type Cell, cellText, isFormula, type Sheet } from "../model/sheet.ts";
import type { Styles } from "./xlsx-styles.ts";
import { DECLARATION, escapeXml, NAMESPACES } from "./xml.ts";

/** The texts of all sheets, each once; a cell says the place of its text. */
export interface SharedTexts {
  at(text: string): number;
  xml(): string;
}

export function createSharedTexts(): SharedTexts {
  const places = new Map<string, number>();
  return {
    at(text) {
      const place = places.get(text) ?? places.size;
      places.set(text, place);
      return place;
    },
    xml() {
      const items = [...places.keys()].map(
        (text) => `<si><t xml:space="preserve">${escapeXml(text)}</t></si>`,
      );
      return `${DECLARATION}<sst xmlns="${NAMESPACES.sheet}" uniqueCount="${items.length}">${items.join("")}</sst>`;
    },
  };
}

const WIDTH_MIN = 8;
const WIDTH_MAX = 60;
/** Rows that the widths of columns are made for. */
const WIDTH_ROWS = 1_000;
const DAY_FORMAT = "yyyy-mm-dd";
const TIME_FORMAT = "yyyy-mm-dd hh:mm";

/** A sheet's part. The first row is a header where it holds only text: bold, and in sight when the rest is scrolled. */
export function sheetXml(sheet: Sheet, styles: Styles, texts: SharedTexts, isFirst: boolean): string {
  const { rows } = sheet;
  const hasHeader = rows.length > 1 && rows[0]?.every((cell) => typeof cell === "string") === true;
  const formats = new Map(
    Object.entries(sheet.formats).map(([column, code]) => [columnIndex(column), styles.format(code)]),
  );
  const styleOf = (cell: Cell, row: number, column: number): number => {
    if (row === 0 && hasHeader) return styles.header;
    const isText = typeof cell === "string" || typeof cell === "boolean";
    const own = isText ? undefined : formats.get(column);
    if (own !== undefined || !(cell instanceof Date)) return own ?? styles.plain;
    return styles.format(cell.getTime() % 86_400_000 === 0 ? DAY_FORMAT : TIME_FORMAT);
  };
  const lines = rows.map((row, at) => {
    const cells = row.map((cell, column) =>
      cellXml(cell, cellName(at, column), styleOf(cell, at, column), texts),
    );
    return `<row r="${at + 1}">${cells.join("")}</row>`;
  });
  const pane = hasHeader
    ? '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft"/>'
    : "";
  return [
    `${DECLARATION}<worksheet xmlns="${NAMESPACES.sheet}" xmlns:r="${NAMESPACES.relations}">`,
    `<sheetViews><sheetView${isFirst ? ' tabSelected="1"' : ""} workbookViewId="0">${pane}</sheetView></sheetViews>`,
    columnsXml(rows),
    `<sheetData>${lines.join("")}</sheetData>`,
    sheet.charts.length === 0 ? "" : '<drawing r:id="rId1"/>',
    "</worksheet>",
  ].join("");
}

function cellXml(cell: Cell, name: string, style: number, texts: SharedTexts): string {
  const look = style === 0 ? "" : ` s="${style}"`;
  if (cell === null) return "";
  if (typeof cell === "string") return `<c r="${name}"${look} t="s"><v>${texts.at(cell)}</v></c>`;
  if (typeof cell === "boolean") return `<c r="${name}"${look} t="b"><v>${cell ? 1 : 0}</v></c>`;
  if (typeof cell === "number")
    return Number.isFinite(cell) ? `<c r="${name}"${look}><v>${cell}</v></c>` : "";
  if (cell instanceof Date) return `<c r="${name}"${look}><v>${serialOf(cell)}</v></c>`;
  const formula = `<f>${escapeXml(withPrefixes(cell.formula))}</f>`;
  const { value } = cell;
  if (value === undefined) return `<c r="${name}"${look}>${formula}</c>`;
  if (typeof value === "number") return `<c r="${name}"${look}>${formula}<v>${value}</v></c>`;
  if (typeof value === "boolean") return `<c r="${name}"${look} t="b">${formula}<v>${value ? 1 : 0}</v></c>`;
  return `<c r="${name}"${look} t="str">${formula}<v>${escapeXml(value)}</v></c>`;
}

/** Functions that came after 2007 have another name in the file than on the screen. */
const LATER_FUNCTIONS =
  /(?<![\w.])(?=(?:IFS|SWITCH|CONCAT|TEXTJOIN|MAXIFS|MINIFS|XLOOKUP|XMATCH|IFNA|DAYS|STDEV\.[SP]|VAR\.[SP]|RANK\.EQ|PERCENTILE\.INC|QUARTILE\.INC|MODE\.SNGL|NETWORKDAYS\.INTL)\()/gi;
const QUOTED = /("(?:[^"]|"")*")/;

const withPrefixes = (formula: string): string =>
  formula
    .split(QUOTED)
    .map((part, at) => (at % 2 === 1 ? part : part.replaceAll(LATER_FUNCTIONS, "_xlfn.")))
    .join("");

function columnsXml(rows: Sheet["rows"]): string {
  const widths: number[] = [];
  for (const row of rows.slice(0, WIDTH_ROWS))
    for (const [column, cell] of row.entries()) {
      const shown = isFormula(cell) && cell.value === undefined ? "" : cellText(cell);
      const longest = Math.max(...shown.split("\n").map((line) => line.length));
      widths[column] = Math.max(widths[column] ?? WIDTH_MIN, Math.min(longest + 2, WIDTH_MAX));
    }
  if (widths.length === 0) return "";
  const columns = Array.from(widths, (width = WIDTH_MIN, at) => {
    return `<col min="${at + 1}" max="${at + 1}" width="${width}" customWidth="1"/>`;
  });
  return `<cols>${columns.join("")}</cols>`;
}
