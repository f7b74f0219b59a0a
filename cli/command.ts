import type { Output } from "./output.ts";

export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What a command is given by the process. */
export interface Context {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where a relative `--state` starts. */
  readonly root: string;
  readonly output: Output;
  /** Ends what the command waits for: Ctrl-C. */
  readonly signal: AbortSignal;
  readonly input: NodeJS.ReadableStream & { isTTY?: boolean };
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  readonly usage: string;
  run(context: Context): Promise<ExitCode>;
}

/** The command line is wrong; answered with the sentence and the command's usage. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** It did not work; answered with the sentence and what to do. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(message: string, options: { hint?: string; exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}
