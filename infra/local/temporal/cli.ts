import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const VERSION_TIMEOUT_MS = 15_000;

/** Worker deployments, which production uses, need this server; older ones are not tried. */
const MINIMUM_SERVER = [1, 29, 0] as const;

export type TemporalCli = {
  readonly path: string;
  /** Of the CLI. A build from source calls itself `0.0.0-DEV`. */
  readonly version: string;
  /** Of the server inside it, e.g. `1.29.1`. */
  readonly serverVersion: string;
};

/** Runs `temporal --version`. Throws a sentence that says why the program cannot be used. */
export async function inspectCli(path: string): Promise<TemporalCli> {
  let text: string;
  try {
    text = (await run(path, ["--version"], { timeout: VERSION_TIMEOUT_MS })).stdout;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "failed";
    throw new Error(`${path} does not run (${code})`, { cause: error });
  }
  return { path, ...parseVersion(path, text) };
}

export function parseVersion(path: string, text: string): Pick<TemporalCli, "version" | "serverVersion"> {
  const found = /^temporal version (\S+) \(Server (\d+)\.(\d+)\.(\d+)/.exec(text.trim());
  const [, version, ...server] = found ?? [];
  if (version === undefined) throw new Error(`${path} does not look like the Temporal CLI`);
  const numbers = server.map(Number);
  const serverVersion = numbers.join(".");
  for (const [index, minimum] of MINIMUM_SERVER.entries()) {
    const part = numbers[index] ?? 0;
    if (part > minimum) break;
    if (part < minimum) {
      throw new Error(`${path} holds server ${serverVersion}, older than ${MINIMUM_SERVER.join(".")}`);
    }
  }
  return { version, serverVersion };
}
