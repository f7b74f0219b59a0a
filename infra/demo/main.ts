import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describe, recordedPart, withRecordedPart } from "./document.ts";
import { play } from "./play.ts";
import { BEFORE_THE_SECOND, WITH_BOTH } from "./scene.ts";
import { DemoStack } from "./stack.ts";
import { formatEntry } from "./transcript.ts";

const USAGE = `Two people and an agent talk, on a stack made for it; checks who spoke when, and that the guide shows the same.

usage: npm run demo -- [options]

  --write           put what happened into docs/guides/three-people.md instead of comparing it
  --help            this text
`;

const GUIDE = join(import.meta.dirname, "..", "..", "docs", "guides", "three-people.md");
const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** `npm run demo`. */
async function main(args: readonly string[], stopping: Promise<never>): Promise<number> {
  const options = parse(args);
  if (options === undefined) return EXIT.usage;
  if (options.help) {
    process.stdout.write(USAGE);
    return EXIT.ok;
  }
  await using stack = await DemoStack.start();
  const { recording, violations } = await Promise.race([play(stack, note), stopping]);
  const { conversation, ending, receipt } = recording;
  const seen = [...conversation, ...ending].map(formatEntry).join("\n");
  process.stdout.write(`\n${seen}\n\n${receipt}\n`);
  for (const violation of violations) note(`✗ ${violation}`);
  if (violations.length > 0) return EXIT.failed;
  const part = describe(recording, [...BEFORE_THE_SECOND, ...WITH_BOTH]);
  const guide = await readFile(GUIDE, "utf8");
  if (options.write) await writeFile(GUIDE, withRecordedPart(guide, part));
  else if (recordedPart(guide) !== part) {
    note("✗ docs/guides/three-people.md shows something else: `npm run demo -- --write` records it anew");
    return EXIT.failed;
  }
  note("✓ everybody spoke when they should, and so it stands in docs/guides/three-people.md");
  return EXIT.ok;
}

function parse(args: readonly string[]): { readonly write: boolean; readonly help: boolean } | undefined {
  try {
    const flag = { type: "boolean", default: false } as const;
    return parseArgs({ args: [...args], options: { write: flag, help: flag } }).values;
  } catch (error) {
    note(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Rejects at a request to stop, so that the stack is stopped too. Losing the bootstrap is one as well. */
function stopRequest(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {
    // Whoever awaits it hears of it; when nobody does any more, everything is being stopped already.
  });
  for (const event of ["SIGINT", "SIGTERM", "SIGHUP", "disconnect"] as const)
    process.on(event, () => reject(new Error("stopped")));
  return promise;
}

async function exitCode(): Promise<number> {
  try {
    return await main(process.argv.slice(2), stopRequest());
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
    return EXIT.failed;
  }
}

const code = await exitCode();
// What was being waited for when we were stopped is waited for no more.
process.stdout.write("", () => process.exit(code));
