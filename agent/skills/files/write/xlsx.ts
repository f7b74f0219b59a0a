import { strToU8, zipSync } from "fflate";
import type { Sheet } from "../model/sheet.ts";
import { chartXml, drawingXml } from "./xlsx-chart.ts";
import { createSharedTexts, sheetXml } from "./xlsx-sheet.ts";
import { createStyles } from "./xlsx-styles.ts";
import { contentTypesXml, DECLARATION, escapeXml, NAMESPACES, type Relation, relationsXml } from "./xml.ts";

const COMPRESSION_LEVEL = 6;

/**
 * Makes an Excel workbook of sheets whose names are valid. Formulas keep the values that they come with, and Excel is told to
 * compute all of them when it opens the file. Throws ToolError for a chart of what is no range.
 */
export function writeXlsx(sheets: readonly Sheet[]): Uint8Array {
  const styles = createStyles();
  const texts = createSharedTexts();
  const parts = new Map<string, string>();
  const types: { path: string; type: string }[] = [];
  const add = (path: string, type: string, xml: string): void => {
    parts.set(path, xml);
    types.push({ path, type });
  };
  let charts = 0;
  for (const [at, sheet] of sheets.entries()) {
    const number = at + 1;
    add(
      `xl/worksheets/sheet${number}.xml`,
      "spreadsheetml.worksheet",
      sheetXml(sheet, styles, texts, at === 0),
    );
    if (sheet.charts.length === 0) continue;
    const relations = sheet.charts.map((chart, index): Relation => {
      charts += 1;
      add(`xl/charts/chart${charts}.xml`, "drawingml.chart", chartXml(chart, sheet));
      return { id: `rId${index + 1}`, type: "chart", target: `../charts/chart${charts}.xml` };
    });
    const columns = Math.max(0, ...sheet.rows.slice(0, 1_000).map((row) => row.length));
    add(`xl/drawings/drawing${number}.xml`, "drawing", drawingXml(sheet.charts, columns + 1));
    parts.set(`xl/drawings/_rels/drawing${number}.xml.rels`, relationsXml(relations));
    const drawing = { id: "rId1", type: "drawing", target: `../drawings/drawing${number}.xml` };
    parts.set(`xl/worksheets/_rels/sheet${number}.xml.rels`, relationsXml([drawing]));
  }
  add("xl/workbook.xml", "spreadsheetml.sheet.main", workbookXml(sheets));
  add("xl/styles.xml", "spreadsheetml.styles", styles.xml());
  add("xl/sharedStrings.xml", "spreadsheetml.sharedStrings", texts.xml());
  parts.set(
    "xl/_rels/workbook.xml.rels",
    relationsXml([
      ...sheets.map((_, at) => ({
        id: `rId${at + 1}`,
        type: "worksheet",
        target: `worksheets/sheet${at + 1}.xml`,
      })),
      { id: "rIdStyles", type: "styles", target: "styles.xml" },
      { id: "rIdTexts", type: "sharedStrings", target: "sharedStrings.xml" },
    ]),
  );
  parts.set("_rels/.rels", relationsXml([{ id: "rId1", type: "officeDocument", target: "xl/workbook.xml" }]));
  const files = { "[Content_Types].xml": strToU8(contentTypesXml(types)) };
  for (const [path, xml] of parts) Object.assign(files, { [path]: strToU8(xml) });
  return zipSync(files, { level: COMPRESSION_LEVEL });
}

const workbookXml = (sheets: readonly Sheet[]): string =>
  `${DECLARATION}<workbook xmlns="${NAMESPACES.sheet}" xmlns:r="${NAMESPACES.relations}"><bookViews><workbookView/></bookViews><sheets>${sheets
    .map(({ name }, at) => `<sheet name="${escapeXml(name)}" sheetId="${at + 1}" r:id="rId${at + 1}"/>`)
    .join("")}</sheets><calcPr calcId="191029" fullCalcOnLoad="1"/></workbook>`;
