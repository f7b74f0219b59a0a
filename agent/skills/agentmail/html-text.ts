/** What is not shown, with where it ends. */
const HIDDEN = new Map(
  ["head", "script", "style", "template"].map((tag) => [tag, new RegExp(`</${tag}\\b`, "gi")]),
);
const TAG = /^<(\/?)([a-z][a-z0-9]*)/i;
const BREAKING = new Set(["br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "hr"]);
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};
const ENTITY = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,6}));/gi;

/** The words of a formatted mail, in one pass over it. What is written to be seen by nobody, such as styles, is left out. */
export function htmlText(html: string): string {
  let text = "";
  for (let at = 0; at < html.length; ) {
    const open = html.indexOf("<", at);
    text += html.slice(at, open === -1 ? html.length : open).replace(/\s+/g, " ");
    if (open === -1) break;
    const isComment = html.startsWith("<!--", open);
    const close = html.indexOf(isComment ? "-->" : ">", open);
    if (close === -1) break;
    at = close + (isComment ? 3 : 1);
    const [, slash, name = ""] = TAG.exec(html.slice(open, open + 20)) ?? [];
    const tag = name.toLowerCase();
    if (BREAKING.has(tag)) text += "\n";
    // Nothing in it is a tag but the one that ends it; without that the rest is hidden.
    const end = slash === "" ? HIDDEN.get(tag) : undefined;
    if (end === undefined) continue;
    end.lastIndex = at;
    at = end.exec(html)?.index ?? html.length;
  }
  return text
    .replace(ENTITY, entity)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}

function entity(whole: string, decimal?: string, hex?: string, name = ""): string {
  const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
  if (Number.isNaN(code)) return ENTITIES[name.toLowerCase()] ?? whole;
  return code > 31 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : " ";
}
