import { type CellRange, rangeName, requireRange } from "../model/cell-range.ts";
import { chartColor } from "../model/chart.ts";
import { cellText, isFormula, type Sheet, type SheetChart } from "../model/sheet.ts";
import { DECLARATION, escapeXml, NAMESPACES } from "./xml.ts";

/** A chart's part. It refers to cells and keeps what they show, for programs that only display. Throws ToolError. */
export function chartXml(chart: SheetChart, sheet: Sheet): string {
  const series = chart.series.map((range, at) => seriesXml(chart, requireRange(range), sheet, at));
  const title =
    chart.title === undefined
      ? '<c:autoTitleDeleted val="1"/>'
      : `<c:title><c:tx><c:rich><a:bodyPr/><a:p><a:r><a:t>${escapeXml(chart.title)}</a:t></a:r></a:p></c:rich></c:tx><c:overlay val="0"/></c:title><c:autoTitleDeleted val="0"/>`;
  const hasLegend = chart.type === "pie" || chart.series.length > 1;
  return [
    `${DECLARATION}<c:chartSpace xmlns:c="${NAMESPACES.chart}" xmlns:a="${NAMESPACES.drawing}" xmlns:r="${NAMESPACES.relations}">`,
    `<c:roundedCorners val="0"/><c:chart>${title}<c:plotArea><c:layout/>${plotXml(chart.type, series)}</c:plotArea>`,
    hasLegend ? '<c:legend><c:legendPos val="b"/><c:overlay val="0"/></c:legend>' : "",
    '<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart></c:chartSpace>',
  ].join("");
}

function plotXml(type: SheetChart["type"], series: readonly string[]): string {
  if (type === "pie")
    return `<c:pieChart><c:varyColors val="1"/>${series[0] ?? ""}<c:firstSliceAng val="0"/></c:pieChart>`;
  const ids = '<c:axId val="1"/><c:axId val="2"/>';
  const all = series.join("");
  const plot =
    type === "line"
      ? `<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>${all}<c:marker val="1"/>${ids}</c:lineChart>`
      : `<c:barChart><c:barDir val="col"/><c:grouping val="clustered"/><c:varyColors val="0"/>${all}<c:gapWidth val="80"/>${ids}</c:barChart>`;
  const axis = (id: number, across: number, position: string, extra: string): string =>
    `<c:axId val="${id}"/><c:scaling><c:orientation val="minMax"/></c:scaling><c:delete val="0"/><c:axPos val="${position}"/>${extra}<c:numFmt formatCode="General" sourceLinked="${id === 2 ? 1 : 0}"/><c:majorTickMark val="out"/><c:minorTickMark val="none"/><c:tickLblPos val="low"/><c:crossAx val="${across}"/><c:crosses val="autoZero"/>`;
  return `${plot}<c:catAx>${axis(1, 2, "b", "")}</c:catAx><c:valAx>${axis(2, 1, "l", "<c:majorGridlines/>")}</c:valAx>`;
}

function seriesXml({ type, labels }: SheetChart, values: CellRange, sheet: Sheet, at: number): string {
  const color = `<a:solidFill><a:srgbClr val="${chartColor(at)}"/></a:solidFill>`;
  const look =
    type === "pie" ? "" : `<c:spPr>${type === "line" ? `<a:ln w="28575">${color}</a:ln>` : color}</c:spPr>`;
  const marks = type === "line" ? '<c:marker><c:symbol val="none"/></c:marker>' : "";
  return [
    `<c:ser><c:idx val="${at}"/><c:order val="${at}"/>${nameXml(values, sheet)}${look}`,
    type === "bar" ? '<c:invertIfNegative val="0"/>' : marks,
    `<c:cat><c:strRef>${cacheXml("str", requireRange(labels), sheet)}</c:strRef></c:cat>`,
    `<c:val><c:numRef>${cacheXml("num", values, sheet)}</c:numRef></c:val>`,
    `${type === "line" ? '<c:smooth val="0"/>' : ""}</c:ser>`,
  ].join("");
}

/** The name of a series is the text above its cells. */
function nameXml({ fromRow, fromColumn }: CellRange, sheet: Sheet): string {
  const above = sheet.rows[fromRow - 1]?.[fromColumn];
  if (typeof above !== "string") return "";
  const cell = { fromRow: fromRow - 1, toRow: fromRow - 1, fromColumn, toColumn: fromColumn };
  return `<c:tx><c:strRef>${cacheXml("str", cell, sheet)}</c:strRef></c:tx>`;
}

function cacheXml(kind: "str" | "num", range: CellRange, sheet: Sheet): string {
  const points: string[] = [];
  let count = 0;
  for (let row = range.fromRow; row <= Math.min(range.toRow, sheet.rows.length); row += 1)
    for (
      let column = range.fromColumn;
      column <= Math.min(range.toColumn, range.fromColumn + 1_000);
      column += 1
    ) {
      const cell = sheet.rows[row]?.[column];
      const value = isFormula(cell) ? cell.value : cell;
      const isShown = kind === "num" ? typeof value === "number" : value !== null && value !== undefined;
      if (isShown) points.push(`<c:pt idx="${count}"><c:v>${escapeXml(cellText(value))}</c:v></c:pt>`);
      count += 1;
    }
  const reference = `'${sheet.name.replaceAll("'", "''")}'!${rangeName(range, true)}`;
  const format = kind === "num" ? "<c:formatCode>General</c:formatCode>" : "";
  return `<c:f>${escapeXml(reference)}</c:f><c:${kind}Cache>${format}<c:ptCount val="${count}"/>${points.join("")}</c:${kind}Cache>`;
}

const CHART_ROWS = 16;
const CHART_COLUMNS = 8;

/** The part that places the charts of a sheet: right of its cells, one under the other. */
export function drawingXml(charts: readonly SheetChart[], firstColumn: number): string {
  const anchors = charts.map((chart, at) => {
    const top = 1 + at * (CHART_ROWS + 1);
    const corner = (column: number, row: number): string =>
      `<xdr:col>${column}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>${row}</xdr:row><xdr:rowOff>0</xdr:rowOff>`;
    return [
      `<xdr:twoCellAnchor><xdr:from>${corner(firstColumn, top)}</xdr:from><xdr:to>${corner(firstColumn + CHART_COLUMNS, top + CHART_ROWS)}</xdr:to>`,
      `<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="${at + 2}" name="Chart ${at + 1}" descr="${escapeXml(chart.title ?? "")}"/><xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr>`,
      '<xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm>',
      `<a:graphic><a:graphicData uri="${NAMESPACES.chart}"><c:chart xmlns:c="${NAMESPACES.chart}" r:id="rId${at + 1}"/></a:graphicData></a:graphic></xdr:graphicFrame><xdr:clientData/></xdr:twoCellAnchor>`,
    ].join("");
  });
  return `${DECLARATION}<xdr:wsDr xmlns:xdr="${NAMESPACES.sheetDrawing}" xmlns:a="${NAMESPACES.drawing}" xmlns:r="${NAMESPACES.relations}">${anchors.join("")}</xdr:wsDr>`;
}
