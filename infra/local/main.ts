import { join } from "node:path";
import { runLocalStack } from "./local-stack.ts";
import { type LocalOptions, OptionsError, parseOptions, USAGE } from "./options.ts";
import { PROGRAMS } from "./programs.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** `npm start`: the whole platform on this machine. */
async function main(): Promise<number> {
  let options: LocalOptions;
  try {
    options = parseOptions(process.argv.slice(2), ROOT);
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  return runLocalStack(options, ROOT, PROGRAMS);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = EXIT_FAILED;
}
// An open channel to the bootstrap would keep this process alive.
if (process.connected) process.disconnect();
