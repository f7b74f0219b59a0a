import { DomUtils, parseDocument } from "htmlparser2";
import type { Block, Run } from "../model/blocks.ts";

type HtmlNode = ReturnType<typeof parseDocument>["children"][number];
type HtmlElement = Extract<HtmlNode, { attribs: unknown }>;
type Style = Omit<Run, "text">;

/** What shows nothing, or nothing to read. */
const HIDDEN: ReadonlySet<string> = new Set(
  "head script style template noscript svg iframe object canvas select button nav".split(" "),
);
const CONTAINERS: ReadonlySet<string> = new Set(
  "html body div section article main header footer aside p ul ol dl figure form fieldset details center td th li dt dd blockquote pre table tr tbody thead tfoot caption figcaption summary address hr h1 h2 h3 h4 h5 h6".split(
    " ",
  ),
);

/** Reads HTML as a document: headings, paragraphs, lists, tables, quotes, code. Scripts and what is hidden stay out. */
export function readHtml(html: string): Block[] {
  return blocksOf(parseDocument(html).children, { depth: 0 });
}

interface Place {
  /** Of the list item that it is in. */
  depth: number;
  isQuote?: boolean;
}

function blocksOf(nodes: readonly HtmlNode[], place: Place): Block[] {
  const blocks: Block[] = [];
  let loose: HtmlNode[] = [];
  const flush = (): void => {
    const runs = tidy(loose.flatMap((node) => runsOf(node, {})));
    loose = [];
    if (runs.length > 0) blocks.push({ kind: place.isQuote === true ? "quote" : "paragraph", runs });
  };
  for (const node of nodes) {
    if (!isElement(node)) loose.push(node);
    else if (CONTAINERS.has(node.name) || holdsBlocks(node)) {
      flush();
      blocks.push(...elementBlocks(node, place));
    } else loose.push(node);
  }
  flush();
  return blocks;
}

const isElement = (node: HtmlNode): node is HtmlElement => DomUtils.isTag(node);

/** Of an element for words, such as a link around a heading. */
const holdsBlocks = (node: HtmlElement): boolean =>
  !HIDDEN.has(node.name) && node.children.some((child) => isElement(child) && CONTAINERS.has(child.name));

function elementBlocks(node: HtmlElement, place: Place): Block[] {
  if (HIDDEN.has(node.name) || "hidden" in node.attribs) return [];
  const level = /^h([1-6])$/.exec(node.name)?.[1];
  if (level !== undefined) {
    const runs = inlineOf(node);
    return runs.length === 0 ? [] : [{ kind: "heading", level: Number(level), runs }];
  }
  switch (node.name) {
    case "ul":
    case "ol":
      return listBlocks(node, place);
    case "table":
      return tableBlocks(node, place);
    case "pre":
      return [{ kind: "code", text: DomUtils.textContent(node).replace(/\n$/, "") }];
    case "blockquote":
      return blocksOf(node.children, { ...place, isQuote: true });
    case "hr":
      return [{ kind: "rule" }];
    default:
      return blocksOf(node.children, place);
  }
}

function listBlocks(list: HtmlElement, place: Place): Block[] {
  const start = Number(list.attribs.start ?? 1);
  const items = list.children.filter(isElement);
  return items.flatMap((item, at): Block[] => {
    const number = list.name === "ol" ? start + at : undefined;
    const [first, ...rest] = blocksOf(item.children, { ...place, depth: place.depth + 1 });
    if (first?.kind !== "paragraph") return first === undefined ? [] : [first, ...rest];
    return [{ kind: "item", depth: place.depth, number, runs: first.runs }, ...rest];
  });
}

function tableBlocks(table: HtmlElement, place: Place): Block[] {
  const rows = DomUtils.getElementsByTagName("tr", table, true, FEW).map((row) =>
    row.children.filter((cell) => DomUtils.isTag(cell) && /^t[dh]$/.test(cell.name)),
  );
  // A table of one column is there for the looks of the page.
  if (!rows.some((row) => row.length > 1)) return rows.flatMap((row) => blocksOf(row, place));
  const [header = [], ...body] = rows.map((row) => row.map(inlineOf));
  // A header is bold without saying so.
  const isMarked = header.every((cell) => cell.every(({ isBold }) => isBold === true));
  const bare = header.map((cell) => cell.map(({ isBold, ...run }) => run));
  return [{ kind: "table", header: isMarked ? bare : header, rows: body }];
}
const FEW = 50_000;

const inlineOf = (node: HtmlNode): Run[] => tidy(runsOf(node, {}));

function runsOf(node: HtmlNode, style: Style): Run[] {
  if (DomUtils.isText(node)) return [{ text: node.data.replaceAll(/[ \t\r\n\f]+/g, " "), ...style }];
  if (!isElement(node) || HIDDEN.has(node.name) || "hidden" in node.attribs) return [];
  if (node.name === "br") return [{ text: "\n", ...style }];
  if (node.name === "img") return [{ text: node.attribs.alt ?? "", ...style }];
  const inner = { ...style, ...styleOf(node) };
  const runs = node.children.flatMap((child) => runsOf(child, inner));
  return CONTAINERS.has(node.name) ? [{ text: "\n" }, ...runs, { text: "\n" }] : runs;
}

function styleOf({ name, attribs }: HtmlElement): Style {
  if (name === "b" || name === "strong") return { isBold: true };
  if (name === "i" || name === "em") return { isItalic: true };
  if (name === "s" || name === "del" || name === "strike") return { isStruck: true };
  if (name === "code" || name === "kbd" || name === "samp") return { isCode: true };
  const link = attribs.href ?? "";
  return name === "a" && /^(?:https?:|mailto:|tel:)/i.test(link) ? { link } : {};
}

/** Takes away the white space at the ends and where two of it meet. */
function tidy(runs: readonly Run[]): Run[] {
  const tidied: Run[] = [];
  let end = "\n";
  for (const run of runs) {
    let text = run.text;
    if (/\s$/.test(end)) text = text.replace(/^ +/, "");
    if (end === "\n") text = text.replace(/^\s+/, "");
    if (text === "") continue;
    end = text.slice(-1);
    tidied.push({ ...run, text });
  }
  const last = tidied.pop();
  if (last === undefined) return [];
  const text = last.text.trimEnd();
  return text === "" ? tidy(tidied) : [...tidied, { ...last, text }];
}
