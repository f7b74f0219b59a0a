/**
 * Markdown as plain text: the Convos app shows no markdown, so its marks would stand in the chat as they are.
 * Code keeps its characters, links keep their address, list items keep a dash.
 */
export function toPlainText(markdown: string): string {
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of markdown.replaceAll("\r\n", "\n").split("\n")) {
    const mark = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence) === true && line.trim() === mark) fence = undefined;
      else lines.push(line);
    } else if (mark !== undefined) fence = mark;
    else lines.push(...plainLine(line));
  }
  return lines
    .map((line) => line.trimEnd())
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}

/** For a line without white space around it. */
const TABLE_RULE = /^\|?\s*:?-{3,}:?(\s*\|\s*:?-{3,}:?)*\s*\|?$/;
const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;

const UNMARKED = /^[^*_~`[<\\#>|+\uE000-]*$/;

/** No line for a mere rule, else one. */
function plainLine(line: string): readonly string[] {
  if (UNMARKED.test(line)) return [line];
  if (RULE.test(line)) return [""];
  if (line.includes("|") && TABLE_RULE.test(line.trim())) return [];
  const text = plainHeading(line.replace(/^\s{0,3}(>\s?)+/, "")).replace(/^(\s*)[*+]\s+/, "$1- ");
  return [plainSpans(tableRow(text))];
}

function plainHeading(line: string): string {
  const text = line.replace(/^\s{0,3}#{1,6}\s+/, "");
  return text === line ? line : text.trimEnd().replace(/\s#+$/, "");
}

const tableRow = (line: string): string =>
  /^\s*\|.*\|\s*$/.test(line)
    ? line
        .trim()
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim())
        .join(" | ")
    : line;

/** Longer lines keep their marks: none that a person reads is as long, and looking for pairs in it takes too long. */
const SPANS_MAX_CHARS = 4_000;
/** What must not be read as emphasis: code, links, addresses and escaped characters. */
const LITERAL =
  /(`{1,8})(.{1,300}?)\1(?!`)|!?\[([^[\]\n]{0,300})\]\(<?([^)\s>]{1,1000})>?(?:\s{1,8}"[^"]{0,300}")?\)|<(https?:\/\/[^<>\s]+)>|https?:\/\/[^\s<>]+|\\([!-/:-@[-`{-~])/g;
/** A private-use character that stands for a literal while emphasis is removed. */
const HOLE = "\uE000";

function plainSpans(line: string): string {
  if (line.length > SPANS_MAX_CHARS) return line;
  const literals: string[] = [];
  const withHoles = line
    .replaceAll(HOLE, "")
    .replaceAll(
      LITERAL,
      (
        whole: string,
        _ticks: string | undefined,
        code: string | undefined,
        label: string | undefined,
        address: string | undefined,
        bare: string | undefined,
        escaped: string | undefined,
      ) => {
        literals.push(code?.trim() ?? linkText(label, address) ?? bare ?? escaped ?? whole);
        return HOLE;
      },
    );
  const plain = withHoles
    .replaceAll(/(\*{1,3})(?=\S)(.{1,300}?)(?<=\S)\1/g, "$2")
    .replaceAll(/(?<![\p{L}\p{N}_])(_{1,3})(?=\S)(.{1,300}?)(?<=\S)\1(?![\p{L}\p{N}_])/gu, "$2")
    .replaceAll(/~~(?=\S)(.{1,300}?)(?<=\S)~~/g, "$1");
  return plain.replaceAll(HOLE, () => literals.shift() ?? "");
}

function linkText(label: string | undefined, address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const text = label?.trim() ?? "";
  const emphasisFree = text.replaceAll(/(\*{1,3}|_{1,3}|`)(\S.*?\S|\S)\1/g, "$2");
  return text === "" || address === text || address === `mailto:${text}`
    ? text || address
    : `${emphasisFree} (${address})`;
}
