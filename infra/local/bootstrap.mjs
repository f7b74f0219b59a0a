#!/usr/bin/env node
/**
 * Behind every script of `package.json`, on a machine with nothing but Node ≥ 20, npm and git: installs what is missing,
 * then runs the command on the Node 24 that came with it. Plain JavaScript without dependencies.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const MODULES = join(ROOT, "node_modules");
const STAMP = join(MODULES, ".install-stamp");
const LOCK = join(ROOT, ".cache", "install.lock");
const NODE = join(MODULES, "node", "bin", "node");
const MANIFESTS = ["package.json", "agent/package.json"];
const LOCKFILE = "package-lock.json";
const INSTALL_WAIT_MS = 15 * 60_000;
const POLL_MS = 500;
const KEPT_OUTPUT_BYTES = 8_192;

const COMMANDS = {
  start: (args) => [join(ROOT, "infra", "local", "main.ts"), ...args],
  test: (args) => [join(MODULES, "vitest", "vitest.mjs"), "run", ...args],
  check: (args) => [join(ROOT, "infra", "checks", "main.ts"), ...args],
  cli: (args) => [join(ROOT, "cli", "main.ts"), ...args],
  bench: (args) => [join(ROOT, "infra", "bench", "main.ts"), ...args],
  demo: (args) => [join(ROOT, "infra", "demo", "main.ts"), ...args],
  chaos: (args) => [join(ROOT, "infra", "chaos", "main.ts"), ...args],
  live: (args) => [join(ROOT, "infra", "live", "main.ts"), ...args],
};

async function main() {
  const [name = "", ...args] = process.argv.slice(2);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command)
    fail(`usage: node infra/local/bootstrap.mjs ${Object.keys(COMMANDS).join("|")} [arguments]`, 2);
  if (Number(process.versions.node.split(".")[0]) < 20)
    fail(`Node 20 or newer is needed, this is ${process.version}`);
  await ensureInstalled();
  if (!existsSync(NODE))
    fail(`${NODE} is missing: the install scripts did not run; remove node_modules and try again`);
  process.exitCode = await runToEnd(NODE, command(args));
}

async function ensureInstalled() {
  if (isInstalled()) return;
  const release = await takeInstallLock();
  try {
    if (!isInstalled()) await install();
  } finally {
    release();
  }
}

function isInstalled() {
  return existsSync(STAMP) && readFileSync(STAMP, "utf8") === stampNow();
}

/** Another script in a manifest installs nothing else. */
function stampNow() {
  const hash = createHash("sha256").update(readFileSync(join(ROOT, LOCKFILE)));
  for (const file of MANIFESTS) {
    const { scripts, ...manifest } = JSON.parse(readFileSync(join(ROOT, file), "utf8"));
    hash.update(JSON.stringify(manifest));
  }
  return `${hash.digest("hex")} ${process.platform}-${process.arch}\n`;
}

/**
 * Install scripts run only for the packages that `package.json` allows by name: one of the others refuses any Node but
 * its own, which is not there yet while packages are installed, and older npm versions do not know that list.
 */
async function install() {
  const startedAt = Date.now();
  process.stderr.write("  Installing packages … (about a minute, once)\n");
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  await npm(["ci", "--ignore-scripts", ...quiet]);
  const { allowScripts = {} } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const allowed = Object.keys(allowScripts).filter(
    (name) => allowScripts[name] && existsSync(join(MODULES, name)),
  );
  if (allowed.length > 0) await npm(["rebuild", ...allowed, ...quiet]);
  writeFileSync(STAMP, stampNow());
  process.stderr.write(`✓ Packages installed   ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
}

async function npm(args) {
  // Within `npm start` this names the very npm that runs us; otherwise the one on PATH.
  const own = process.env.npm_execpath?.endsWith(".js")
    ? [process.execPath, process.env.npm_execpath]
    : ["npm"];
  const [program, ...before] = own;
  const { code, output } = await capture(program, [...before, ...args]);
  if (code === 0) return;
  process.stderr.write(output);
  fail(
    `npm ${args[0]} failed (${code}). Is the package registry reachable (npm ping) and the disk not full? ` +
      `Run \`npm ${args.join(" ")}\` by hand to see all of it.`,
  );
}

/** Two commands that start together install once. The lock of a process that is gone counts for nothing. */
async function takeInstallLock() {
  mkdirSync(dirname(LOCK), { recursive: true });
  const deadline = Date.now() + INSTALL_WAIT_MS;
  for (;;) {
    try {
      const file = openSync(LOCK, "wx");
      writeSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(LOCK, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = holderOf(LOCK);
    if (holder > 0 && !isAlive(holder)) dropLockOf(holder);
    else if (Date.now() > deadline)
      fail(`${LOCK} has been held too long; remove it if no installation is under way`);
    else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** 0 while it is being written, and when it is gone. */
function holderOf(lock) {
  try {
    return Number(readFileSync(lock, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return 0;
    throw error;
  }
}

/** Only one of several takes the file away; a new holder's, taken by mistake, is put back. */
function dropLockOf(dead) {
  const aside = `${LOCK}.${process.pid}`;
  try {
    renameSync(LOCK, aside);
    if (holderOf(aside) !== dead) linkSync(aside, LOCK);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Runs a program quietly; keeps the end of what it says for the case that it fails. */
function capture(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (data) => {
      output = (output + data).slice(-KEPT_OUTPUT_BYTES);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", (error) => {
      const reason = error.code === "ENOENT" ? "npm was not found; it comes with Node" : error.message;
      resolve({ code: reason, output });
    });
    child.once("close", (code, signal) => resolve({ code: code ?? signal, output }));
  });
}

/** Passes signals on, and ends as the program ended. The channel tells the program when this process is killed. */
function runToEnd(program, args) {
  const path = [join(MODULES, ".bin"), process.env.PATH ?? ""].join(delimiter);
  const child = spawn(program, args, {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, PATH: path },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  stopWithNpm(child);
  return new Promise((resolve) => {
    child.once("error", (error) => fail(`${program} does not run: ${error.message}`));
    child.once("exit", (code, signal) => resolve(code ?? 128 + (SIGNAL_NUMBERS[signal] ?? 1)));
  });
}

/** A signal to npm ends the shell between npm and us, which passes nothing on; then our parent is another. */
function stopWithNpm(child) {
  if (!process.env.npm_lifecycle_event) return;
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    child.kill("SIGTERM");
  }, POLL_MS);
  watch.unref();
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

function fail(message, code = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

await main();
