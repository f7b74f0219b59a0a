import { lexer, type Token, type Tokens } from "marked";
import { Value } from "typebox/value";
import { ToolError } from "../../kit/tool-error.ts";
import type { Block, Run } from "./blocks.ts";
import { Chart, requireDrawable } from "./chart.ts";

const PAGE_BREAK = /^\\(?:newpage|pagebreak)$/;

/** Reads GitHub's Markdown. A fence named "chart" holds a chart as JSON; a line "\newpage" begins a page. Throws ToolError. */
export function readMarkdown(markdown: string): Block[] {
  return lexer(markdown).flatMap((token) => blocksOf(token, 0));
}

function blocksOf(token: Token, depth: number): Block[] {
  if (isToken(token, "heading")) return [{ kind: "heading", level: token.depth, runs: runsOf(token.tokens) }];
  if (isToken(token, "paragraph") || isToken(token, "text")) {
    if (PAGE_BREAK.test(token.text.trim())) return [{ kind: "page-break" }];
    return [{ kind: "paragraph", runs: inline(token) }];
  }
  if (isToken(token, "code"))
    return [token.lang === "chart" ? chartOf(token.text) : { kind: "code", text: token.text }];
  if (isToken(token, "blockquote"))
    return token.tokens
      .flatMap((inner) => blocksOf(inner, depth))
      .map((block) => (block.kind === "paragraph" ? { ...block, kind: "quote" } : block));
  if (isToken(token, "list")) return token.items.flatMap((item, at) => itemBlocks(token, item, at, depth));
  if (isToken(token, "table"))
    return [
      {
        kind: "table",
        header: token.header.map((cell) => runsOf(cell.tokens)),
        rows: token.rows.map((row) => row.map((cell) => runsOf(cell.tokens))),
      },
    ];
  if (token.type === "hr") return [{ kind: "rule" }];
  if (token.type === "html") return [{ kind: "paragraph", runs: [{ text: token.raw.trim() }] }];
  return [];
}

function itemBlocks(list: Tokens.List, item: Tokens.ListItem, at: number, depth: number): Block[] {
  const number = list.ordered ? Number(list.start || 1) + at : undefined;
  const box = item.task ? [{ text: item.checked === true ? "☑ " : "☐ " }] : [];
  let hasText = false;
  return item.tokens.flatMap((token): Block[] => {
    if (!isToken(token, "text") && !isToken(token, "paragraph")) return blocksOf(token, depth + 1);
    const runs = hasText ? inline(token) : [...box, ...inline(token)];
    const isFirst = !hasText;
    hasText = true;
    return [isFirst ? { kind: "item", depth, number, runs } : { kind: "paragraph", runs }];
  });
}

function chartOf(json: string): Block {
  const chart = parseChart(json);
  requireDrawable(chart);
  return { kind: "chart", chart };
}

function parseChart(json: string): Chart {
  try {
    return Value.Parse(Chart, JSON.parse(json));
  } catch (error) {
    const problem =
      'A chart is JSON like {"type":"bar","title":"T","labels":["a","b"],"series":[{"name":"n","values":[1,2]}]}.';
    throw new ToolError(problem, { cause: error });
  }
}

type Style = Omit<Run, "text">;

const inline = (token: Tokens.Text | Tokens.Paragraph): Run[] =>
  token.tokens === undefined ? [{ text: unescapeHtml(token.text) }] : runsOf(token.tokens);

function runsOf(tokens: readonly Token[], style: Style = {}): Run[] {
  return tokens.flatMap((token): Run[] => {
    if (isToken(token, "strong")) return runsOf(token.tokens, { ...style, isBold: true });
    if (isToken(token, "em")) return runsOf(token.tokens, { ...style, isItalic: true });
    if (isToken(token, "del")) return runsOf(token.tokens, { ...style, isStruck: true });
    if (isToken(token, "link")) return runsOf(token.tokens, { ...style, link: token.href });
    if (isToken(token, "codespan")) return [{ text: token.text, ...style, isCode: true }];
    if (isToken(token, "image")) return [{ text: token.text, ...style }];
    if (isToken(token, "text") || isToken(token, "escape")) {
      const inner = "tokens" in token ? token.tokens : undefined;
      return inner === undefined ? [{ text: unescapeHtml(token.text), ...style }] : runsOf(inner, style);
    }
    if (token.type === "br" || /^<br ?\/?>$/i.test(token.raw)) return [{ text: "\n", ...style }];
    return token.type === "checkbox" ? [] : [{ text: token.raw, ...style }];
  });
}

interface TokenByType {
  blockquote: Tokens.Blockquote;
  code: Tokens.Code;
  codespan: Tokens.Codespan;
  del: Tokens.Del;
  em: Tokens.Em;
  escape: Tokens.Escape;
  heading: Tokens.Heading;
  image: Tokens.Image;
  link: Tokens.Link;
  list: Tokens.List;
  paragraph: Tokens.Paragraph;
  strong: Tokens.Strong;
  table: Tokens.Table;
  text: Tokens.Text;
}

const isToken = <Type extends keyof TokenByType>(token: Token, type: Type): token is TokenByType[Type] =>
  token.type === type;

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&nbsp;": "\u00a0",
};
const unescapeHtml = (text: string): string =>
  text.replaceAll(/&(?:amp|lt|gt|quot|#39|nbsp);/g, (entity) => ENTITIES[entity] ?? entity);
