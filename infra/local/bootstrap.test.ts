import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** Stands for npm: installs a Node (a link to ours) and counts how often. The real one needs a network. */
const NPM = `
  const { appendFileSync, existsSync, mkdirSync, symlinkSync } = require("node:fs");
  appendFileSync("installs", process.argv.slice(2).join(" ") + "\\n");
  console.log("noise");
  if (process.env.NPM_FAILS) { console.error("npm error code E404"); process.exit(7); }
  mkdirSync("node_modules/node/bin", { recursive: true });
  if (!existsSync("node_modules/node/bin/node")) symlinkSync(process.env.TEST_NODE, "node_modules/node/bin/node");
`;
const MAIN = `
  const what: string = process.argv.slice(2).join(",");
  if (what === "wait") {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => { console.log(name); process.exit(5); });
    console.log("up");
    setInterval(() => undefined, 1000);
  } else {
    console.log("ran " + __dirname.split("/").pop() + " " + what + " on PATH " + process.env.PATH?.split(":")[0]);
    process.exitCode = 3;
    process.disconnect?.();
  }
`;

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "convos-bootstrap-"));
  await mkdir(join(root, "agent"));
  for (const folder of ["infra/local", "infra/bench", "infra/live", "cli"]) {
    await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, folder, "main.ts"), MAIN);
  }
  await copyFile(join(import.meta.dirname, "bootstrap.mjs"), join(root, "infra/local/bootstrap.mjs"));
  await writeFile(join(root, "npm.js"), NPM);
  await writeFile(
    join(root, "package.json"),
    '{"type":"commonjs","allowScripts":{"node":true,"@other/platform":true,"denied":false}}',
  );
  await writeFile(join(root, "package-lock.json"), "{}");
  await writeFile(join(root, "agent/package.json"), "{}");
});
afterEach(() => rm(root, { recursive: true }));

function bootstrap(args: readonly string[], environment: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [join(root, "infra/local/bootstrap.mjs"), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...{ PATH: process.env.PATH, TEST_NODE: process.execPath, npm_execpath: join(root, "npm.js") },
      ...environment,
    },
  });
}

async function outcome(child: ChildProcess) {
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  if (!child.stdout || !child.stderr) throw new Error("no pipes");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr, code: await code };
}

const npmCalls = async () => (await readFile(join(root, "installs"), "utf8")).trim().split("\n");
const installs = async () => (await npmCalls()).filter((call) => call.startsWith("ci "));

describe("bootstrap", () => {
  it("installs once, quietly, and runs the command on the Node that came with it", async () => {
    const first = await outcome(bootstrap(["start", "--pool", "2"]));
    expect(first.stdout).toBe(`ran local --pool,2 on PATH ${join(root, "node_modules/.bin")}\n`);
    expect(first.stderr).toMatch(/^ {2}Installing packages .*\n✓ Packages installed +\d+\.\d s\n$/);
    expect(first.code).toBe(3);
    const second = await outcome(bootstrap(["start"]));
    expect(second).toMatchObject({ stderr: "", code: 3 });
    expect(await npmCalls()).toEqual([
      "ci --ignore-scripts --no-audit --no-fund --loglevel=error",
      "rebuild node --no-audit --no-fund --loglevel=error",
    ]);
  });

  it.each([
    [["cli", "claim", "--name", "Marco"], "ran cli claim,--name,Marco on"],
    [["bench", "--real", "0"], "ran bench --real,0 on"],
    [["live", "voice", "--double"], "ran live voice,--double on"],
  ])("runs %j before anything was installed, and passes on how it ends", async (args, printed) => {
    const { code, stdout } = await outcome(bootstrap(args));
    expect(stdout).toContain(printed);
    expect(code).toBe(3);
  });

  it("stands behind every script that runs on our Node", async () => {
    const { scripts } = JSON.parse(await readFile(join(import.meta.dirname, "../../package.json"), "utf8"));
    const others = Object.entries(scripts).filter(
      ([, script]) => !String(script).startsWith("node infra/local/bootstrap.mjs "),
    );
    expect(others.map(([name]) => name)).toEqual(["format"]);
  });

  it("installs again when what is to be installed has changed, not when a script has", async () => {
    await outcome(bootstrap(["start"]));
    await writeFile(join(root, "agent/package.json"), '{"scripts":{"new":"one"}}');
    await outcome(bootstrap(["start"]));
    expect(await installs()).toHaveLength(1);
    await writeFile(join(root, "agent/package.json"), '{"dependencies":{}}');
    await outcome(bootstrap(["start"]));
    expect(await installs()).toHaveLength(2);
  });

  it("installs once for two commands that start together, and takes over a dead one's lock", async () => {
    await mkdir(join(root, ".cache"));
    await writeFile(join(root, ".cache/install.lock"), "999999999");
    const both = await Promise.all([outcome(bootstrap(["start"])), outcome(bootstrap(["start"]))]);
    expect(both.map(({ code }) => code)).toEqual([3, 3]);
    expect(await installs()).toHaveLength(1);
  });

  it("says what to do when the installation fails, and tries again the next time", async () => {
    const failed = await outcome(bootstrap(["start"], { NPM_FAILS: "yes" }));
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("npm error code E404");
    expect(failed.stderr).toContain("npm ci failed (7). Is the package registry reachable");
    expect((await outcome(bootstrap(["start"]))).code).toBe(3);
    expect(await installs()).toHaveLength(2);
  });

  it("says so when there is no npm", async () => {
    const { code, stderr } = await outcome(bootstrap(["start"], { npm_execpath: "", PATH: "/nowhere" }));
    expect(code).toBe(1);
    expect(stderr).toContain("npm was not found; it comes with Node");
  });

  it("refuses an unknown command before it installs anything", async () => {
    const { code, stderr } = await outcome(bootstrap(["deploy"]));
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        "usage: node infra/local/bootstrap.mjs start|test|check|cli|bench|demo|chaos|live [arguments]\n",
    });
    await expect(installs()).rejects.toThrow("ENOENT");
  });

  it.each([
    ["SIGINT", "start"],
    ["SIGTERM", "start"],
    ["SIGINT", "cli"],
  ] as const)("passes %s on to %s and ends as the program ends", async (signal, command) => {
    const child = bootstrap([command, "wait"]);
    const result = outcome(child);
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    child.kill(signal);
    expect(await result).toMatchObject({ code: 5, stdout: expect.stringContaining(signal) });
  });

  it("ends the program when npm's shell was killed, which passes no signal on", async () => {
    const script = join(root, "infra/local/bootstrap.mjs");
    const shell = spawn("/bin/sh", ["-c", `"${process.execPath}" "${script}" start wait; true`], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...{ PATH: process.env.PATH, TEST_NODE: process.execPath, npm_execpath: join(root, "npm.js") },
        npm_lifecycle_event: "start",
      },
    });
    const printed = text(shell.stdout);
    await new Promise((resolve) => shell.stdout.once("data", resolve));
    shell.kill("SIGKILL");
    // The pipe ends when everybody who holds it has ended.
    expect(await printed).toBe("up\nSIGTERM\n");
  });
});
