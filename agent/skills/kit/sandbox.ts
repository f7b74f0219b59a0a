import { fileURLToPath } from "node:url";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { type ConfinedEnd, ConfinedError, runConfined } from "./confined.ts";
import { ToolError } from "./tool-error.ts";

export const SANDBOX_LIMITS = {
  timeoutMs: 60_000,
  heapMb: 512,
  /** The heap and all that lies outside of it, as pictures do. */
  maxRssBytes: 1_024 * 1_024 * 1_024,
  maxOutputBytes: 8 * 1_024 * 1_024,
} as const;

/** What a worker program answers, as JSON on standard output. */
export const WorkerAnswer = Type.Union([
  Type.Object({ result: Type.Unknown() }),
  /** A sentence for the model. */
  Type.Object({ refusal: Type.String() }),
]);
export type WorkerAnswer = Static<typeof WorkerAnswer>;

export interface RunOptions {
  signal: AbortSignal;
  timeoutMs?: number;
  maxRssBytes?: number;
}

/**
 * Where files of strangers are worked on: a process for each piece of work, under the user of the model's shell, in the agent's
 * folder, without secrets, with limits of time and memory. Both throw ToolError with a sentence for the model.
 */
export interface Sandbox {
  /** Runs one of our worker programs (see `serveWork`) and resolves with its result. */
  work(program: URL, request: unknown, options: RunOptions): Promise<unknown>;
  /** Runs a program of the machine and resolves with what it writes to standard output. */
  exec(
    command: readonly string[],
    options: RunOptions & { input?: Uint8Array; maxOutputBytes?: number },
  ): Promise<Buffer>;
}

export interface SandboxOptions {
  uid?: number | undefined;
  gid?: number | undefined;
  /** The agent's folder. */
  dir: string;
  /** For what programs put aside; this user may write there. */
  tmpDir: string;
}

const REASONS: Readonly<Record<ConfinedEnd, string>> = {
  "took-too-long": "It took too long, and was stopped.",
  "too-much-memory":
    "It needs more memory than there is for it: the file is too large, or unfolds to too much.",
  "too-much-output": "What comes out of it is too large.",
  failed: "It could not be processed: the file is damaged, or of a kind that is not known here.",
};

export function createSandbox({ uid, gid, dir, tmpDir }: SandboxOptions): Sandbox {
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: tmpDir, TMPDIR: tmpDir, LANG: "C.UTF-8" };
  const run = async (
    command: readonly string[],
    input: Uint8Array,
    maxOutputBytes: number,
    { signal, timeoutMs, maxRssBytes }: RunOptions,
  ): Promise<Buffer> => {
    const limits = {
      ...{ uid, gid, dir, env, maxOutputBytes },
      timeoutMs: timeoutMs ?? SANDBOX_LIMITS.timeoutMs,
      maxRssBytes: maxRssBytes ?? SANDBOX_LIMITS.maxRssBytes,
    };
    try {
      return await runConfined(command, input, limits, signal);
    } catch (error) {
      if (error instanceof ConfinedError) throw new ToolError(REASONS[error.end], { cause: error });
      throw error;
    }
  };
  return {
    work: async (program, request, options) => {
      const command = [
        process.execPath,
        `--max-old-space-size=${SANDBOX_LIMITS.heapMb}`,
        fileURLToPath(program),
      ];
      const input = Buffer.from(JSON.stringify(request));
      const output = await run(command, input, SANDBOX_LIMITS.maxOutputBytes, options);
      const answer = Value.Parse(WorkerAnswer, JSON.parse(output.toString("utf8")));
      if ("refusal" in answer) throw new ToolError(answer.refusal);
      return answer.result;
    },
    exec: (command, options) =>
      run(
        command,
        options.input ?? new Uint8Array(),
        options.maxOutputBytes ?? SANDBOX_LIMITS.maxOutputBytes,
        options,
      ),
  };
}
