import { cpSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

export interface Instruction {
  name: string;
  /** Everything behind the name, lines joined. */
  text: string;
}

/** The instructions of a Dockerfile, without comments; a line that ends with a backslash goes on. */
export function instructionsOf(dockerfile: string): Instruction[] {
  const lines = dockerfile.split("\n").filter((line) => !/^\s*#/.test(line));
  return lines
    .join("\n")
    .replace(/\\\n/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, name = "", text = ""] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
      if (name === "") throw new Error(`not an instruction: ${line}`);
      return { name, text: text.replace(/\s+/g, " ") };
    });
}

/** Sources and target of each COPY from the build's context. */
export const copiesOf = (instructions: readonly Instruction[]): { sources: string[]; target: string }[] =>
  instructions
    .filter(({ name }) => name === "COPY")
    .map(({ text }) => {
      const parts = text.split(" ");
      return { sources: parts.slice(0, -1), target: parts.at(-1) ?? "" };
    });

/** The variables of all ENV. Values with blanks are not understood. */
export const variablesOf = (instructions: readonly Instruction[]): Record<string, string> =>
  Object.fromEntries(
    instructions
      .filter(({ name }) => name === "ENV")
      .flatMap(({ text }) => text.split(" "))
      .map((pair) => {
        const [name = "", value] = pair.split("=");
        if (value === undefined) throw new Error(`not a variable with a value: ${pair}`);
        return [name, value];
      }),
  );

/**
 * Whether a path below the context is left out. Knows the forms that are used here: `*`, `name`, `**` in front of a name
 * with `*` in it, `!name`; the last one that matches counts, for what is below a folder too.
 */
export function ignorer(dockerignore: string): (path: string) => boolean {
  const rules = dockerignore
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const isKept = line.startsWith("!");
      const pattern = isKept ? line.slice(1) : line;
      if (!/^(\*\*\/)?[\w.*-]+$/.test(pattern)) throw new Error(`a form that is not known: ${line}`);
      const name = pattern.replace("**/", "").replaceAll(".", "\\.").replaceAll("*", "[^/]*");
      const start = pattern.startsWith("**/") ? "^(.*/)?" : "^";
      return { isKept, matches: new RegExp(`${start}${name}(/.*)?$`) };
    });
  return (path) => {
    let isIgnored = false;
    for (const { isKept, matches } of rules) if (matches.test(path)) isIgnored = !isKept;
    return isIgnored;
  };
}

/** Lays out in `target` what a build would copy from the repository. */
export function copyContext(root: string, dockerfile: string, dockerignore: string, target: string): void {
  const isIgnored = ignorer(dockerignore);
  for (const { sources, target: to } of copiesOf(instructionsOf(dockerfile))) {
    for (const source of sources) {
      const isFolder = statSync(join(root, source)).isDirectory();
      const name = isFolder ? to : join(to, source.split("/").at(-1) ?? "");
      cpSync(join(root, source), join(target, name), {
        recursive: true,
        filter: (path) => !isIgnored(relative(root, path)),
      });
    }
  }
}

export const readText = (...path: string[]): string => readFileSync(join(...path), "utf8");
