import { spawn } from "node:child_process";
import { join } from "node:path";
import { DETERMINISM } from "./determinism.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const NAME_WIDTH = 16;

type Check = { readonly name: string; readonly script: string; readonly args: readonly string[] };

/** `npm run check`. Each runs, whatever the others find; the tools print what to do about it. */
const CHECKS: readonly Check[] = [
  { name: "Types", script: "node_modules/typescript/bin/tsc", args: ["--noEmit", "--pretty", "false"] },
  { name: "Format and lint", script: "node_modules/@biomejs/biome/bin/biome", args: ["check", "."] },
  { name: "Folder arrows", script: "infra/checks/folder-arrows.ts", args: [] },
  DETERMINISM,
  { name: "Unused code", script: "node_modules/knip/bin/knip.js", args: ["--no-progress"] },
];

async function run({ script, args }: Check): Promise<{ readonly ok: boolean; readonly output: string }> {
  const child = spawn(process.execPath, [join(ROOT, script), ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  const parts: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => parts.push(part));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { ok: code === 0, output: Buffer.concat(parts).toString("utf8") };
}

for (const check of CHECKS) {
  const startedAt = performance.now();
  const { ok, output } = await run(check);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${ok ? "✓" : "✗"} ${check.name.padEnd(NAME_WIDTH)} ${seconds.padStart(6)} s\n`);
  if (!ok) {
    process.stdout.write(output);
    process.exitCode = 1;
  }
}
