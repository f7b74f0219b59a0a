import { fstatSync } from "node:fs";

const STDIN = 0;

/**
 * Calls `stop` when the process that started this one is gone. The local stack gives each of its programs a pipe as
 * standard input and never writes to it; the kernel closes it however the stack ends, SIGKILL included. Anywhere else
 * (a terminal, a container, `/dev/null`) standard input is no pipe and this does nothing.
 */
export function exitWhenParentGoes(stop: () => void): void {
  const input = fstatSync(STDIN);
  if (!input.isFIFO() && !input.isSocket()) return;
  process.stdin.once("close", stop);
  process.stdin.resume();
  // Waiting for its end must not by itself keep the process alive.
  process.stdin.unref();
}
