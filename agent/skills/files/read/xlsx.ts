import { unzipSync } from "fflate";
import { DomUtils, parseDocument } from "htmlparser2";
import readWorkbook from "read-excel-file/universal";
import { readRange } from "../model/cell-range.ts";
import type { Cell, Sheet } from "../model/sheet.ts";

/** The sheets of a workbook, from an archive made by `unpackDocument`; formulas keep their text and the value that was stored. */
export async function readXlsx(archive: Uint8Array): Promise<Sheet[]> {
  const sheets = await readWorkbook(new Blob([new Uint8Array(archive)]), { trim: false });
  const formulas = formulasBySheet(archive);
  return sheets.map(({ sheet, data }) => {
    const rows = data.map((row) => row.map(cellOf));
    for (const [at, formula] of formulas.get(sheet) ?? []) {
      const range = readRange(at);
      const row = range === undefined ? undefined : rows[range.fromRow];
      if (row === undefined || range === undefined) continue;
      const cell = row[range.fromColumn];
      const value = cell === null || cell === undefined || typeof cell === "object" ? undefined : cell;
      // A date that a formula made is shown as the date.
      if (!(cell instanceof Date)) row[range.fromColumn] = { formula, value };
    }
    return { name: sheet, rows, formats: {}, charts: [] };
  });
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "boolean" || value instanceof Date) return value;
  return String(value);
}

const CELL_WITH_FORMULA = /<(?:\w+:)?c\s[^>]*?\br="([A-Z]+\d+)"[^>]*>\s*<(?:\w+:)?f(?:\s[^>]*)?>([^<]+)<\//g;
const FORMULAS_MAX = 20_000;

/** The formulas of each sheet, by the cell's name. Of those that cells share, only the first has its text. */
function formulasBySheet(archive: Uint8Array): Map<string, Map<string, string>> {
  const parts = unzipSync(archive, {
    filter: ({ name }) => /^xl\/(?:workbook\.xml|_rels\/workbook|worksheets\/[^/]+\.xml)/.test(name),
  });
  const text = (path: string): string => new TextDecoder().decode(parts[path] ?? new Uint8Array());
  const elements = (path: string, name: string) =>
    DomUtils.findAll(
      (element) => element.name === name || element.name.endsWith(`:${name}`),
      parseDocument(text(path), { xmlMode: true }).children,
    );
  const targets = new Map(
    elements("xl/_rels/workbook.xml.rels", "Relationship").map(({ attribs }) => [
      attribs.Id,
      attribs.Target ?? "",
    ]),
  );
  return new Map(
    elements("xl/workbook.xml", "sheet").map(({ attribs }) => {
      const target = targets.get(attribs["r:id"]) ?? "";
      const xml = text(target.startsWith("/") ? target.slice(1) : `xl/${target}`);
      const found = new Map<string, string>();
      for (const [, cell = "", formula = ""] of xml.matchAll(CELL_WITH_FORMULA)) {
        if (found.size >= FORMULAS_MAX) break;
        found.set(cell, unescapeXml(formula).replace(/^=/, "").replaceAll("_xlfn.", ""));
      }
      return [attribs.name ?? "", found];
    }),
  );
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const unescapeXml = (text: string): string =>
  text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (whole, name) => ENTITIES[name] ?? whole);
