import { text } from "node:stream/consumers";
import type { WorkerAnswer } from "./sandbox.ts";
import { ToolError } from "./tool-error.ts";

/**
 * The main loop of a worker program: one request as JSON on standard input, one answer on standard output. A ToolError is
 * told to the model; anything else is a damaged file, and what a library says of it may quote it, so it goes nowhere.
 */
export async function serveWork(
  work: (request: unknown) => Promise<unknown>,
  damaged = "The file seems to be damaged, or is not what its name says.",
): Promise<void> {
  // The libraries write warnings, which would mix with the answer.
  for (const level of ["debug", "error", "info", "log", "warn"] as const) console[level] = () => undefined;
  let answer: WorkerAnswer;
  try {
    answer = { result: (await work(JSON.parse(await text(process.stdin)))) ?? null };
  } catch (error) {
    answer = { refusal: error instanceof ToolError ? error.message : damaged };
  }
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
}
