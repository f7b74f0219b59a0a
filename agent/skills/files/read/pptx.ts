import { unzipSync } from "fflate";
import { DomUtils, parseDocument } from "htmlparser2";
import { type Block, plain, tableOf } from "../model/blocks.ts";

type XmlNode = ReturnType<typeof parseDocument>["children"][number];

/** The slides of a presentation in their order, from an archive made by `unpackDocument`; notes are quotes. */
export function readPptx(archive: Uint8Array): Block[][] {
  const parts = unzipSync(archive);
  const presentation = part(parts, "ppt/presentation.xml");
  const targets = relations(parts, "ppt/presentation.xml");
  return elements("p:sldId", presentation).flatMap((slide) => {
    const path = targets.get(slide.attribs["r:id"] ?? "");
    return path === undefined ? [] : [slideBlocks(parts, path)];
  });
}

function slideBlocks(parts: Record<string, Uint8Array>, path: string): Block[] {
  const blocks = shapes(part(parts, path)).flatMap(shapeBlocks);
  const targets = [...relations(parts, path).values()];
  for (const chart of targets.filter((target) => target.startsWith("ppt/charts/chart")))
    blocks.push(...chartBlocks(part(parts, chart)));
  const notes = targets.find((target) => target.startsWith("ppt/notesSlides/"));
  const said =
    notes === undefined ? [] : shapes(part(parts, notes)).filter((shape) => placeholder(shape) === "body");
  for (const { text } of said.flatMap(paragraphs))
    blocks.push({ kind: "quote", runs: plain(`Notes: ${text}`) });
  return blocks;
}

const shapes = (root: XmlNode[]): Element[] =>
  DomUtils.findAll(({ name }) => name === "p:sp" || name === "p:graphicFrame", root);
type Element = ReturnType<typeof DomUtils.getElementsByTagName>[number];

const placeholder = (shape: Element): string | undefined => elements("p:ph", shape.children)[0]?.attribs.type;

function shapeBlocks(shape: Element): Block[] {
  const rows = elements("a:tr", shape.children);
  if (rows.length > 0) {
    const cells = rows.map((row) =>
      elements("a:tc", row.children).map((cell) =>
        paragraphs(cell)
          .map(({ text }) => text)
          .join(" "),
      ),
    );
    return [tableOf(cells)];
  }
  const kind = placeholder(shape);
  if (kind === "sldNum" || kind === "dt" || kind === "ftr") return [];
  let number = 0;
  return paragraphs(shape).map(({ text, depth, isItem, isNumbered }): Block => {
    number = isNumbered ? number + 1 : 0;
    if (kind === "title" || kind === "ctrTitle") return { kind: "heading", level: 2, runs: plain(text) };
    if (isItem) return { kind: "item", depth, number: number || undefined, runs: plain(text) };
    return { kind: "paragraph", runs: plain(text) };
  });
}

interface Paragraph {
  text: string;
  depth: number;
  isItem: boolean;
  isNumbered: boolean;
}

function paragraphs(shape: Element): Paragraph[] {
  const isBody =
    ["body", "obj", undefined].includes(placeholder(shape)) && elements("p:ph", shape.children).length > 0;
  return elements("a:p", shape.children).flatMap((paragraph) => {
    const words = DomUtils.findAll(({ name }) => name === "a:t" || name === "a:br", paragraph.children);
    const text = words
      .map((word) => (word.name === "a:br" ? "\n" : DomUtils.textContent(word)))
      .join("")
      .trim();
    const [properties] = elements("a:pPr", paragraph.children);
    const depth = Number(properties?.attribs.lvl ?? 0);
    const marks =
      properties === undefined
        ? []
        : DomUtils.findAll(({ name }) => name.startsWith("a:bu"), properties.children);
    const isNumbered = marks.some(({ name }) => name === "a:buAutoNum");
    const isItem =
      isNumbered ||
      marks.some(({ name }) => name === "a:buChar") ||
      (isBody && !marks.some(({ name }) => name === "a:buNone"));
    return text === "" ? [] : [{ text, depth, isItem, isNumbered }];
  });
}

/** The numbers that a chart keeps of its data. */
function chartBlocks(chart: XmlNode[]): Block[] {
  const points = (holder: Element, name: string): string[] =>
    elements(name, holder.children)
      .slice(0, 1)
      .flatMap((found) => elements("c:v", found.children).map((value) => DomUtils.textContent(value)));
  const series = elements("c:ser", chart);
  const labels = series[0] === undefined ? [] : points(series[0], "c:cat");
  if (series.length === 0) return [];
  const columns = series.map((each) => ({
    name: points(each, "c:tx")[0] ?? "",
    values: points(each, "c:val"),
  }));
  return [
    tableOf([
      ["", ...columns.map(({ name }) => name)],
      ...labels.map((label, at) => [label, ...columns.map(({ values }) => values[at] ?? "")]),
    ]),
  ];
}

const elements = (name: string, nodes: XmlNode[]): Element[] =>
  DomUtils.getElementsByTagName(name, nodes, true);

const part = (parts: Record<string, Uint8Array>, path: string): XmlNode[] =>
  parseDocument(new TextDecoder().decode(parts[path] ?? new Uint8Array()), { xmlMode: true }).children;

/** What a part refers to, by id, as paths in the archive. */
function relations(parts: Record<string, Uint8Array>, path: string): Map<string, string> {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const list = elements("Relationship", part(parts, `${folder}_rels/${path.slice(folder.length)}.rels`));
  return new Map(
    list.map(({ attribs: { Id: id = "", Target: target = "" } }) => [
      id,
      decodeURIComponent(new URL(target, `file:///${folder}`).pathname.slice(1)),
    ]),
  );
}
