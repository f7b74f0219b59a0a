#!/usr/bin/env node
/**
 * Behind `npm run cli` and `pnpm cli`: runs the commands on the Node 24 that is installed beside the agent where the one
 * that was called is another. Plain JavaScript, so that an old Node can say so.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const PLACES = [join(HERE, "..", "node_modules"), join(HERE, "..", "..", "node_modules")];
const UNUSABLE = 78;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major === 24 && minor >= 16) await import("./main.ts");
else runOn(PLACES.map((place) => join(place, "node", "bin", "node")).find((path) => existsSync(path)));

function runOn(node) {
  if (node === undefined) {
    process.stderr.write(`Node 24.16 or newer of 24 is needed, this is ${process.version}\n`);
    process.exit(UNUSABLE);
  }
  const child = spawn(node, [join(HERE, "main.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.once("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
