import { existsSync, readFileSync, statSync } from "node:fs";
import { parseEnv } from "node:util";
import { writeDurably } from "../server/state/durable-file.ts";
import { CommandError, EXIT } from "./command.ts";

const MAX_BYTES = 64 * 1024;
const PLAIN_VALUE = /^[\x21\x24-\x26\x28-\x5b\x5d-\x5f\x61-\x7e]*$/;
const QUOTABLE = /^[^'\n\r]*$/;

/** The agent's `.env`: names and values, each change on disk, and for its owner only, before the next step is taken. */
export class EnvFile {
  readonly path: string;
  #text: string;

  /** One that does not exist yet is empty. */
  constructor(path: string) {
    this.path = path;
    this.#text = "";
    if (!existsSync(path)) return;
    if (statSync(path).size > MAX_BYTES)
      throw new CommandError(`${path} is too large to be a file of settings`, { exitCode: EXIT.unusable });
    this.#text = readFileSync(path, "utf8");
  }

  /** An empty value counts as not set. */
  get values(): Readonly<Record<string, string>> {
    const entries = Object.entries(parseEnv(this.#text));
    return Object.fromEntries(
      entries.flatMap(([name, value]) => (value === undefined || value === "" ? [] : [[name, value]])),
    );
  }

  /** Sets the names and takes away those that are undefined; comments and everything else stay. */
  set(changes: Readonly<Record<string, string | undefined>>): void {
    const names = Object.keys(changes);
    const isChanged = (line: string) =>
      names.some((name) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=`).test(line));
    const kept = this.#text.split("\n").filter((line) => !isChanged(line));
    while (kept.at(-1) === "") kept.pop();
    const added = Object.entries(changes).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${quoted(name, value)}`],
    );
    this.#text = `${[...kept, ...added].join("\n")}\n`;
    writeDurably(this.path, this.#text);
  }
}

function quoted(name: string, value: string): string {
  if (PLAIN_VALUE.test(value)) return value;
  if (!QUOTABLE.test(value))
    throw new CommandError(`the value of ${name} cannot be written to a file of settings`);
  return `'${value}'`;
}
