import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Demo } from "./demo.ts";
import { recordedPart, withRecordedPart } from "./document.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { people } from "./people.ts";
import { skills } from "./skills/skills.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** `npm run demo`. */
async function main(args: readonly string[], stopping: Promise<never>): Promise<number> {
  const options = parse(args);
  if (options === undefined) return EXIT.usage;
  if (options.help) {
    process.stdout.write(USAGE);
    return EXIT.ok;
  }
  const demo = options.skills ? skills : people;
  const { seen, part, violations } = await demo.play(note, stopping);
  process.stdout.write(`\n${seen}\n`);
  for (const violation of violations) note(`✗ ${violation}`);
  if (violations.length > 0) return EXIT.failed;
  if (!(await isShown(demo, part, options.write))) {
    note(`✗ ${demo.guide} shows something else: with --write it is recorded anew`);
    return EXIT.failed;
  }
  note(`✓ everything came as it should, and so it stands in ${demo.guide}`);
  return EXIT.ok;
}

/** Whether the guide shows it; with `write` it does then. What is another each time is no reason to write. */
async function isShown(demo: Demo, part: string, write: boolean): Promise<boolean> {
  const file = join(ROOT, demo.guide);
  const guide = await readFile(file, "utf8");
  if (demo.comparable(recordedPart(guide) ?? "") === demo.comparable(part)) return true;
  if (write) await writeFile(file, withRecordedPart(guide, part));
  return write;
}

function parse(args: readonly string[]): Options | undefined {
  try {
    return parseOptions(args);
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
