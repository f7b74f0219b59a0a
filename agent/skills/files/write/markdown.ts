import { type Block, type Run, type Table, textOf } from "../model/blocks.ts";
import { chartRows } from "../model/chart.ts";

/** A document as Markdown. The end of a page is a rule, as people read it. */
export function writeMarkdown(blocks: readonly Block[]): string {
  const parts = blocks.map((block, at) => {
    const isTight = block.kind === "item" && blocks[at + 1]?.kind === "item";
    return blockText(block) + (isTight ? "\n" : "\n\n");
  });
  return `${parts.join("").trim()}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `${"#".repeat(block.level)} ${oneLine(inline(block.runs))}`;
    case "paragraph":
      return inline(block.runs).replaceAll("\n", "  \n");
    case "item": {
      const mark = block.number === undefined ? "-" : `${block.number}.`;
      return `${"   ".repeat(block.depth)}${mark} ${oneLine(inline(block.runs))}`;
    }
    case "quote":
      return inline(block.runs).replaceAll(/^/gm, "> ");
    case "code":
      return `\`\`\`\n${block.text}\n\`\`\``;
    case "table":
      return tableText(block);
    case "chart":
      return `\`\`\`chart\n${JSON.stringify(block.chart)}\n\`\`\``;
    case "rule":
    case "page-break":
      return "---";
  }
}

function tableText({ header, rows }: Table): string {
  const width = Math.max(header.length, ...rows.map((row) => row.length));
  const line = (cells: readonly (readonly Run[])[]): string => {
    const texts = Array.from({ length: width }, (_, at) =>
      inline(cells[at] ?? [])
        .replaceAll("|", "\\|")
        .replaceAll("\n", "<br>"),
    );
    return `| ${texts.join(" | ")} |`;
  };
  return [line(header), `|${" --- |".repeat(width)}`, ...rows.map(line)].join("\n");
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ");

const inline = (runs: readonly Run[]): string => runs.map(runText).join("");

function runText({ text, isBold, isItalic, isStruck, isCode, link }: Run): string {
  // The marks stand at the words: between them and a space they would be no marks.
  const [, before = "", inner = "", after = ""] = /^(\s*)(.*?)(\s*)$/s.exec(text) ?? [];
  if (inner === "") return text;
  let marked = isCode === true ? `\`${inner.replaceAll("`", "'")}\`` : escapeMarks(inner);
  if (isStruck === true) marked = `~~${marked}~~`;
  if (isItalic === true) marked = `*${marked}*`;
  if (isBold === true) marked = `**${marked}**`;
  if (link !== undefined) marked = `[${marked}](${link.replaceAll(/[\s()<>]/g, encodeURIComponent)})`;
  return before + marked + after;
}

/** What would otherwise be read as a mark. */
const escapeMarks = (text: string): string =>
  text
    .replaceAll(/[\\`*]|(?<!\w)_|_(?!\w)|\[(?=[^\]]*\]\()|<(?=[a-z/!])/gi, "\\$&")
    .replaceAll(/^(#{1,6}|[-+>]|\d+[.)])(?=\s)/gm, "\\$1");

/** A document as text without marks: tables with tabs. */
export const writeText = (blocks: readonly Block[]): string =>
  `${blocks
    .map(plainText)
    .join("\n\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim()}\n`;

function plainText(block: Block): string {
  switch (block.kind) {
    case "heading":
    case "paragraph":
    case "quote":
      return textOf(block.runs);
    case "item": {
      const mark = block.number === undefined ? "-" : `${block.number}.`;
      return `${"  ".repeat(block.depth)}${mark} ${textOf(block.runs)}`;
    }
    case "code":
      return block.text;
    case "table":
      return [block.header, ...block.rows]
        .map((row) => row.map((cell) => oneLine(textOf(cell))).join("\t"))
        .join("\n");
    case "chart":
      return [block.chart.title ?? "", ...chartRows(block.chart).map((row) => row.join("\t"))].join("\n");
    case "rule":
      return "";
    case "page-break":
      return "\f";
  }
}
