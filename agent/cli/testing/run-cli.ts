import { execFile } from "node:child_process";
import { join } from "node:path";

export const CLI = join(import.meta.dirname, "..", "start.mjs");

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end as a person would, with nothing in its environment but what is given. */
export const runCli = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { env: { PATH: process.env.PATH, ...env } };
    execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });

/** The events of `--json`. */
export const eventsOf = ({ stdout }: Ended): Record<string, unknown>[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Record<string, unknown> => JSON.parse(line));
