import type { Output } from "./output.ts";

/** `unusable`: the configuration has to be mended first; the agent itself ends with the same code then. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unusable: 78 } as const;

/** What a command is given by the process. */
export interface Context {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths start. */
  readonly cwd: string;
  readonly output: Output;
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  readonly usage: string;
  /** Resolves to the exit code; `gateway` to that of the agent. */
  run(context: Context): Promise<number>;
}

/** The command line is wrong; answered with the sentence and the command's usage. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** It did not work; answered with the sentence and what to do. Neither may hold a secret. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(message: string, options: { hint?: string; exitCode?: number } = {}) {
    super(message);
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}
