import {
  AlignmentType,
  BorderStyle,
  Document,
  ExternalHyperlink,
  HeadingLevel,
  LevelFormat,
  Packer,
  PageBreak,
  Paragraph,
  Table,
  TableCell,
  TableRow,
  TextRun,
  WidthType,
} from "docx";
import { ChartRun } from "docx/charts";
import type { Block, Run, Table as TableBlock } from "../model/blocks.ts";
import { type Chart, chartColor } from "../model/chart.ts";

const HEADINGS = [
  HeadingLevel.HEADING_1,
  HeadingLevel.HEADING_2,
  HeadingLevel.HEADING_3,
  HeadingLevel.HEADING_4,
  HeadingLevel.HEADING_5,
  HeadingLevel.HEADING_6,
] as const;
const LEVELS = 9;
const INDENT_TWIPS = 360;
const CODE_FONT = "Courier New";
const NUMBERS = "numbers";

/** Makes a Word document. */
export async function writeDocx(blocks: readonly Block[]): Promise<Uint8Array> {
  const lists = listsOf(blocks);
  const document = new Document({
    styles: { default: { document: { run: { font: "Calibri", size: 22 } } } },
    numbering: {
      config: [
        {
          reference: NUMBERS,
          levels: Array.from({ length: LEVELS }, (_, level) => ({
            level,
            format: LevelFormat.DECIMAL,
            text: `%${level + 1}.`,
            alignment: AlignmentType.START,
            style: { paragraph: { indent: { left: INDENT_TWIPS * (level + 1), hanging: INDENT_TWIPS } } },
          })),
        },
      ],
    },
    sections: [{ children: blocks.flatMap((block, at) => blockElements(block, lists[at] ?? 0)) }],
  });
  return new Uint8Array(await Packer.toBuffer(document));
}

/** Which numbered list each item is of: a new one begins where the numbers begin again. */
function listsOf(blocks: readonly Block[]): number[] {
  let list = 0;
  return blocks.map((block, at) => {
    const before = blocks[at - 1];
    if (block.kind === "item" && block.number === 1 && block.depth === 0 && before?.kind !== "item")
      list += 1;
    return list;
  });
}

function blockElements(block: Block, list: number): (Paragraph | Table)[] {
  switch (block.kind) {
    case "heading":
      return [
        new Paragraph({
          heading: HEADINGS[block.level - 1] ?? HeadingLevel.HEADING_6,
          children: children(block.runs),
        }),
      ];
    case "paragraph":
      return [new Paragraph({ spacing: { after: 120 }, children: children(block.runs) })];
    case "item": {
      const level = Math.min(block.depth, LEVELS - 1);
      const mark =
        block.number === undefined
          ? { bullet: { level } }
          : { numbering: { reference: NUMBERS, level, instance: list } };
      return [new Paragraph({ ...mark, children: children(block.runs) })];
    }
    case "quote":
      return [
        new Paragraph({
          indent: { left: 2 * INDENT_TWIPS },
          border: { left: { style: BorderStyle.SINGLE, size: 12, color: "94A3B8", space: 8 } },
          children: children(block.runs),
        }),
      ];
    case "code":
      return [
        new Paragraph({ spacing: { after: 120 }, children: textRuns({ text: block.text, isCode: true }) }),
      ];
    case "table":
      return [tableElement(block), new Paragraph({})];
    case "chart":
      return [new Paragraph({ children: [chartRun(block.chart)] })];
    case "rule":
      return [new Paragraph({ thematicBreak: true })];
    case "page-break":
      return [new Paragraph({ children: [new PageBreak()] })];
  }
}

function tableElement({ header, rows }: TableBlock): Table {
  const width = Math.max(1, header.length, ...rows.map((row) => row.length));
  const rowElement = (cells: readonly (readonly Run[])[], isHeader: boolean): TableRow =>
    new TableRow({
      // Where it is said to be none, some readers take it for one all the same.
      ...(isHeader ? { tableHeader: true } : {}),
      children: Array.from({ length: width }, (_, at) => {
        const runs = (cells[at] ?? []).map((run) => (isHeader ? { ...run, isBold: true } : run));
        const shading = isHeader ? { shading: { fill: "E2E8F0" } } : {};
        return new TableCell({ ...shading, children: [new Paragraph({ children: children(runs) })] });
      }),
    });
  return new Table({
    width: { size: 100, type: WidthType.PERCENTAGE },
    rows: [rowElement(header, true), ...rows.map((row) => rowElement(row, false))],
  });
}

function chartRun({ type, title, labels, series }: Chart): ChartRun {
  const isPie = type === "pie";
  const all = {
    ...(title === undefined ? {} : { title }),
    ...(isPie || series.length > 1 ? {} : { legend: false as const }),
    categories: labels,
  };
  const named = series.map(({ name, values }, at) => ({ name: name ?? `Series ${at + 1}`, values }));
  if (isPie)
    return new ChartRun({ type, ...all, series: named.slice(0, 1), dataLabels: { percentage: true } });
  const colored = named.map((each, at) => ({ ...each, color: chartColor(at) }));
  return new ChartRun({ type: type === "line" ? "line" : "column", ...all, series: colored });
}

const children = (runs: readonly Run[]): (TextRun | ExternalHyperlink)[] =>
  runs.flatMap((run): (TextRun | ExternalHyperlink)[] =>
    run.link === undefined
      ? textRuns(run)
      : [new ExternalHyperlink({ link: run.link, children: textRuns(run, "Hyperlink") })],
  );

const textRuns = ({ text, isBold, isItalic, isStruck, isCode }: Run, style?: string): TextRun[] =>
  text.split("\n").map(
    (line, at) =>
      new TextRun({
        text: line,
        break: at === 0 ? 0 : 1,
        bold: isBold === true,
        italics: isItalic === true,
        strike: isStruck === true,
        ...(isCode === true ? { font: CODE_FONT } : {}),
        ...(style === undefined ? {} : { style }),
      }),
  );
