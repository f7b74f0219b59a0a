export type Import = {
  readonly specifier: string;
  /** Nothing of it is left at run time. */
  readonly isType: boolean;
  /** From 1. */
  readonly line: number;
};

const STATEMENT =
  /^[ \t]*(import|export)\s+(type\s+)?((?:[\w$*]|\s|,|\{[^}]*\})*?)\bfrom\s*["']([^"'\n]+)["']|^[ \t]*import\s*["']([^"'\n]+)["']|\bimport\s*\(\s*["']([^"'\n]+)["']\s*\)/gm;

/** Every import and re-export of a TypeScript or JavaScript source, dynamic ones with a literal included. */
export function importsOf(source: string): readonly Import[] {
  const code = withoutComments(source);
  return [...code.matchAll(STATEMENT)].map((match) => {
    const [, , typeKeyword, names = "", from, bare, dynamic] = match;
    return {
      specifier: from ?? bare ?? dynamic ?? "",
      isType: from !== undefined && (typeKeyword !== undefined || onlyTypes(names)),
      line: code.slice(0, match.index).split("\n").length,
    };
  });
}

/** `{ type A, type B }`: each name is marked. */
function onlyTypes(names: string): boolean {
  const list = /^\s*\{([^}]*)\}\s*$/.exec(names)?.[1];
  const entries = (list ?? "").split(",").filter((entry) => entry.trim() !== "");
  return entries.length > 0 && entries.every((entry) => /^\s*type\s/.test(entry));
}

/** Comments become blanks, so that lines keep their numbers. Text in quotes is left as it is. */
function withoutComments(source: string): string {
  return source.replaceAll(
    /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*/g,
    (text) => (text.startsWith("/") ? text.replaceAll(/[^\n]/g, " ") : text),
  );
}
