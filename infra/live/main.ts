import { join } from "node:path";
import { ConfigError } from "../config/environment.ts";
import { OptionsError } from "../local/options.ts";
import { readSettings } from "../local/settings.ts";
import { parseLiveConfig } from "./config.ts";
import { startLiveDoubles } from "./doubles.ts";
import { LIVE_USAGE, parseLiveOptions } from "./options.ts";
import { listOf, runLive } from "./run.ts";
import { SUITES } from "./suites.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** `npm run test:live`. */
async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  const options = parseLiveOptions(args);
  const suites = SUITES.filter(({ skill }) => options.skills.includes(skill));
  if (options.isHelp || options.isList) {
    say(options.isHelp ? LIVE_USAGE : listOf(suites));
    return EXIT.ok;
  }
  await using cleanup = new AsyncDisposableStack();
  const doubles = options.isDouble ? await startLiveDoubles() : undefined;
  cleanup.defer(async () => doubles?.close());
  const config = parseLiveConfig(doubles?.settings ?? (await readSettings(ROOT, process.env)));
  const mayPay = options.isDouble || options.mayPay;
  const { failed } = await runLive({ suites, config, mayPay, signal, say });
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function exitCode(): Promise<number> {
  const stopping = new AbortController();
  // What was made is removed before the end. Losing the bootstrap is a request to stop, too.
  for (const event of ["SIGINT", "SIGTERM", "SIGHUP", "disconnect"] as const)
    process.on(event, () => stopping.abort(new Error("stopped")));
  try {
    return await main(process.argv.slice(2), stopping.signal);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : "unknown failure"}\n`);
    return error instanceof OptionsError || error instanceof ConfigError ? EXIT.usage : EXIT.failed;
  }
}

const code = await exitCode();
process.stdout.write("", () => process.exit(code));
