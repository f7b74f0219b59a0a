import { createRequire } from "node:module";
import type { default as Pptx } from "pptxgenjs";
import { type Block, type Run, textOf } from "../model/blocks.ts";
import { CHART_COLORS, type Chart } from "../model/chart.ts";

// Its types are of the module for `require`, so that is the one to take.
const Presentation: typeof Pptx.default = createRequire(import.meta.url)("pptxgenjs");

/** Inches, of a slide of 13.33 by 7.5. */
const MARGIN = 0.6;
const WIDTH = 12.1;
const TITLE_HEIGHT = 1;
const BODY_TOP = 1.6;
const BODY_HEIGHT = 5.4;
/** What fits on a slide; more goes to the next one. */
const LINES_PER_SLIDE = 12;
const CHARS_PER_LINE = 85;
const TABLE_ROWS_PER_SLIDE = 12;

interface SlidePlan {
  title: readonly Run[];
  body: Block[];
  notes: string[];
}

/** Makes a presentation: each heading of level 1 or 2, each rule and each end of a page begins a slide; "> " are notes. */
export async function writePptx(blocks: readonly Block[]): Promise<{ bytes: Uint8Array; slides: number }> {
  const presentation = new Presentation();
  presentation.layout = "LAYOUT_WIDE";
  presentation.theme = { headFontFace: "Calibri", bodyFontFace: "Calibri" };
  defineTitle(presentation, "COVER", { y: 2.6, h: 1.6, fontSize: 44, align: "center" });
  defineTitle(presentation, "CONTENT", { y: 0.4, h: TITLE_HEIGHT, fontSize: 30, align: "left" });
  const plans = plansOf(blocks).flatMap(spread);
  for (const [at, plan] of plans.entries()) addSlide(presentation, plan, at === 0);
  // Only this way of writing compresses.
  const bytes = await presentation.stream({ compression: true });
  if (!(bytes instanceof Uint8Array)) throw new Error("the presentation was made in another form than bytes");
  return { bytes, slides: plans.length };
}

/** A title that programs know as one: for the outline, and for those who listen to the slides. */
function defineTitle(
  presentation: Pptx.default,
  name: string,
  look: { y: number; h: number; fontSize: number; align: "left" | "center" },
): void {
  const options = {
    ...{ name: "title", type: "title" as const, x: MARGIN, w: WIDTH },
    ...{ bold: true, color: "0F172A", valign: "middle" as const, fit: "shrink" as const },
    ...look,
  };
  presentation.defineSlideMaster({ title: name, objects: [{ placeholder: { options, text: "" } }] });
}

function plansOf(blocks: readonly Block[]): SlidePlan[] {
  const plans: SlidePlan[] = [];
  let plan: SlidePlan | undefined;
  const begin = (title: readonly Run[]): SlidePlan => {
    const begun = { title, body: [], notes: [] };
    plans.push(begun);
    return begun;
  };
  for (const block of blocks) {
    if (block.kind === "rule" || block.kind === "page-break") plan = undefined;
    else if (block.kind === "heading" && block.level <= 2) {
      const isOpen = plan !== undefined && plan.title.length === 0 && plan.body.length === 0;
      if (plan !== undefined && isOpen) plan.title = block.runs;
      else plan = begin(block.runs);
    } else {
      plan ??= begin([]);
      if (block.kind === "quote") plan.notes.push(textOf(block.runs).replace(/^Notes: /, ""));
      else plan.body.push(block);
    }
  }
  return plans.length === 0 ? [{ title: [], body: [], notes: [] }] : plans;
}

/** Slides that each hold what fits: texts together, a table or a chart alone. */
function spread({ title, body, notes }: SlidePlan): SlidePlan[] {
  const slides: SlidePlan[] = [];
  let lines = 0;
  const begin = (): SlidePlan => {
    lines = 0;
    const slide = { title, body: [], notes: slides.length === 0 ? notes : [] };
    slides.push(slide);
    return slide;
  };
  let slide = begin();
  for (const block of body.flatMap(cutTable)) {
    const isAlone = block.kind === "table" || block.kind === "chart";
    const needs = isAlone ? LINES_PER_SLIDE : linesOf(block);
    if (slide.body.length > 0 && lines + needs > LINES_PER_SLIDE) slide = begin();
    slide.body.push(block);
    lines += needs;
  }
  return slides;
}

function cutTable(block: Block): Block[] {
  if (block.kind !== "table" || block.rows.length <= TABLE_ROWS_PER_SLIDE) return [block];
  return Array.from({ length: Math.ceil(block.rows.length / TABLE_ROWS_PER_SLIDE) }, (_, at) => ({
    ...block,
    rows: block.rows.slice(at * TABLE_ROWS_PER_SLIDE, (at + 1) * TABLE_ROWS_PER_SLIDE),
  }));
}

function linesOf(block: Block): number {
  const text = "runs" in block ? textOf(block.runs) : block.kind === "code" ? block.text : "";
  return text
    .split("\n")
    .reduce((lines, line) => lines + Math.max(1, Math.ceil(line.length / CHARS_PER_LINE)), 0);
}

function addSlide(presentation: Pptx.default, { title, body, notes }: SlidePlan, isFirst: boolean): void {
  const master = isFirst && body.length === 0 ? "COVER" : "CONTENT";
  const slide = presentation.addSlide(title.length === 0 ? {} : { masterName: master });
  if (title.length > 0) slide.addText(texts(title), { placeholder: "title" });
  const box = { x: MARGIN, y: BODY_TOP, w: WIDTH, h: BODY_HEIGHT };
  const words = body.flatMap((block) => wordsOf(block));
  if (words.length > 0)
    slide.addText(words, { ...box, fontSize: 18, color: "334155", valign: "top", fit: "shrink" });
  for (const block of body) {
    if (block.kind === "chart") addChart(slide, block.chart, box);
    if (block.kind === "table") {
      const row = (cells: readonly (readonly Run[])[], isHeader: boolean): Pptx.default.TableRow =>
        Array.from({ length: Math.max(1, block.header.length) }, (_, at) => ({
          text: texts(cells[at] ?? []),
          options: isHeader ? { bold: true, fill: { color: "E2E8F0" } } : {},
        }));
      const rows = [row(block.header, true), ...block.rows.map((cells) => row(cells, false))];
      slide.addTable(rows, { ...box, fontSize: 14, border: { type: "solid", pt: 0.75, color: "CBD5E1" } });
    }
  }
  if (notes.length > 0) slide.addNotes(notes.join("\n"));
}

/** The text of a block as runs, of which the last ends the line. */
function wordsOf(block: Block): Pptx.default.TextProps[] {
  switch (block.kind) {
    case "item": {
      const bullet =
        block.number === undefined ? true : { type: "number" as const, numberStartAt: block.number };
      return ended(texts(block.runs, { bullet, indentLevel: block.depth }));
    }
    case "heading":
      return ended(texts(block.runs, { bold: true, fontSize: 22 }));
    case "paragraph":
      return ended(texts(block.runs));
    case "code":
      return ended([{ text: block.text, options: { fontFace: "Courier New", fontSize: 14 } }]);
    default:
      return [];
  }
}

const ended = (runs: Pptx.default.TextProps[]): Pptx.default.TextProps[] =>
  runs.map((run, at) =>
    at === runs.length - 1 ? { ...run, options: { ...run.options, breakLine: true } } : run,
  );

const texts = (runs: readonly Run[], options: Pptx.default.TextPropsOptions = {}): Pptx.default.TextProps[] =>
  runs.map(({ text, isBold, isItalic, isStruck, isCode, link }, at) => ({
    text,
    options: {
      // A mark at each run would make each a line of its own.
      ...(at === 0 || options.bullet === undefined ? options : { ...options, bullet: false }),
      ...(isBold === true ? { bold: true } : {}),
      ...(isItalic === true ? { italic: true } : {}),
      ...(isStruck === true ? { strike: true } : {}),
      ...(isCode === true ? { fontFace: "Courier New" } : {}),
      ...(link !== undefined && /^(?:https?|mailto):/i.test(link) ? { hyperlink: { url: link } } : {}),
    },
  }));

function addChart(slide: Pptx.default.Slide, chart: Chart, box: Pptx.default.PositionProps): void {
  const { type, title, labels, series } = chart;
  const used = type === "pie" ? series.slice(0, 1) : series;
  const data = used.map(({ name, values }, at) => ({ name: name ?? `Series ${at + 1}`, labels, values }));
  slide.addChart(type, data, {
    ...box,
    chartColors: [...CHART_COLORS],
    showLegend: type === "pie" || series.length > 1,
    legendPos: "b",
    ...(title === undefined ? {} : { showTitle: true, title }),
    ...(type === "pie" ? { showPercent: true } : {}),
  });
}
