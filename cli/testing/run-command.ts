import { PassThrough } from "node:stream";
import type { Command, ExitCode } from "../command.ts";
import { Output } from "../output.ts";

export interface Ran {
  readonly code: ExitCode;
  /** What was told under `--json`, one object for each line. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events freely and fail if they are not as expected
  readonly events: readonly any[];
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process. It rejects as the command does. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly root?: string;
    readonly signal?: AbortSignal;
    readonly input?: PassThrough;
  } = {},
): Promise<Ran> {
  const isJson = args.includes("--json");
  let stdout = "";
  let stderr = "";
  const out = new PassThrough().on("data", (data: Buffer) => {
    stdout += data;
  });
  const err = new PassThrough().on("data", (data: Buffer) => {
    stderr += data;
  });
  const code = await command.run({
    args,
    env: options.env ?? {},
    root: options.root ?? "/nowhere",
    output: new Output(isJson, out, err),
    signal: options.signal ?? new AbortController().signal,
    input: options.input ?? new PassThrough().end(),
  });
  const lines = isJson ? stdout.split("\n").filter((line) => line !== "") : [];
  return { code, events: lines.map((line) => JSON.parse(line)), stdout, stderr };
}
