import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withFileLock } from "../local/file-lock.ts";

const MANIFESTS = ["package.json", "package-lock.json"];
const SOURCE = join(import.meta.dirname, "client");
const CACHE = join(import.meta.dirname, "..", "..", ".cache");
const HOME = join(CACHE, "convos-cli");
const STAMP = join(HOME, "installed");
/** What the packages hold for all systems is some 550 MB. */
export const INSTALL_TIMEOUT_MS = 10 * 60_000;
const KEPT_OUTPUT_CHARS = 4_000;

/**
 * Installs Convos's own command-line client where it is missing or another one than the lock file's, apart from the
 * platform's packages, whose tree it would not fit into. Resolves to the script that runs it. Rejects with what npm
 * said last.
 */
export async function installClient(): Promise<string> {
  const wanted = await stampOf();
  if (!(await isInstalled(wanted))) {
    await mkdir(CACHE, { recursive: true });
    await withFileLock(join(CACHE, "convos-cli.lock"), { waitMs: INSTALL_TIMEOUT_MS }, async () => {
      if (!(await isInstalled(wanted))) await install(wanted);
    });
  }
  return join(HOME, "node_modules", "@xmtp", "convos-cli", "bin", "run.js");
}

/** The packages hold what every system needs: the same files are right for another one. */
async function stampOf(): Promise<string> {
  const hash = createHash("sha256");
  for (const name of MANIFESTS) hash.update(await readFile(join(SOURCE, name)));
  return hash.digest("hex");
}

async function isInstalled(stamp: string): Promise<boolean> {
  const found = await readFile(STAMP, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return found === stamp;
}

async function install(stamp: string): Promise<void> {
  await rm(STAMP, { force: true });
  await mkdir(HOME, { recursive: true });
  for (const name of MANIFESTS) await copyFile(join(SOURCE, name), join(HOME, name));
  // Without peer dependencies, which would bring the SDK's release, whose bindings do not load below glibc 2.38.
  await npm(["ci", "--prefix", HOME, "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"]);
  await writeFile(STAMP, stamp);
}

async function npm(args: readonly string[]): Promise<void> {
  // Below `npm test` this names the npm that runs us; otherwise the one on PATH.
  const own = process.env.npm_execpath;
  const [command = "npm", ...before] = own?.endsWith(".js") ? [process.execPath, own] : ["npm"];
  const child = spawn(command, [...before, ...args, "--loglevel=error"], {
    cwd: HOME,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: INSTALL_TIMEOUT_MS,
  });
  let output = "";
  const keep = (data: Buffer): void => {
    output = (output + data.toString()).slice(-KEPT_OUTPUT_CHARS);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const [code]: unknown[] = await once(child, "close");
  if (code !== 0) throw new Error(`npm ci of the Convos client failed (${String(code)}):\n${output}`);
}
