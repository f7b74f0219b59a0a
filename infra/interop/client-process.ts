import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const ADDRESS = fileURLToPath(new URL("./node-address.mjs", import.meta.url));
const KEPT_CHARS = 2_000;

/** Where one of the client's installations runs, and what it is told through its environment. */
export interface ClientPlace {
  /** The script that runs the client. */
  readonly program: string;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

export type ClientProcess = ChildProcessByStdio<Writable, Readable, Readable>;

const running = new Set<ClientProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts the client with nothing of our own environment. */
export function startClient({ program, cwd, environment }: ClientPlace, args: readonly string[]) {
  const child: ClientProcess = spawn(process.execPath, ["--import", ADDRESS, program, ...args], {
    cwd,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...environment },
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

/** Runs one command to its end and returns what it printed as JSON. Rejects when it fails, with what it said last. */
export async function runClient(
  place: ClientPlace,
  args: readonly string[],
  timeoutMs: number,
): Promise<unknown> {
  const child = startClient(place, [...args, "--json"]);
  child.stdin.end();
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const [code, signal]: unknown[] = await once(child, "close").finally(() => clearTimeout(timer));
  if (code !== 0) {
    const end = signal === null ? `code ${String(code)}` : `${String(signal)} (limit ${timeoutMs} ms)`;
    const said = `${output}\n${errors}`.trim().slice(-KEPT_CHARS);
    throw new Error(`convos ${args.slice(0, 2).join(" ")} ended with ${end}: ${said}`);
  }
  return parseOutput(output);
}

/** Some commands say what they do before they print their JSON, which begins on a line of its own. */
function parseOutput(output: string): unknown {
  const start = output.search(/^[[{]/m);
  if (start < 0) throw new Error(`the client printed no JSON: ${output.slice(-KEPT_CHARS)}`);
  return JSON.parse(output.slice(start));
}
