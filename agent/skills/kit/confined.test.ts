import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Confinement, runConfined } from "./confined.ts";

const NEVER = new AbortController().signal;
const NODE = process.execPath;
const EMPTY = new Uint8Array();

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "confined-"));
});
afterEach(() => rm(dir, { recursive: true }));

const limits = (changes: Partial<Confinement> = {}): Confinement => ({
  ...{ dir, timeoutMs: 10_000, maxRssBytes: 512 * 1024 * 1024, maxOutputBytes: 1_000 },
  env: { PATH: "/usr/bin:/bin" },
  ...changes,
});
const sh = (script: string, changes: Partial<Confinement> = {}, signal = NEVER): Promise<Buffer> =>
  runConfined(["/bin/sh", "-c", script], EMPTY, limits(changes), signal);

/** Fails by its time limit when the process goes on. */
async function ended(pid: number): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (Date.now() < deadline) {
    try {
      const status = await readFile(`/proc/${pid}/stat`, "utf8");
      if (status.includes(") Z ")) return;
    } catch {
      // There is no such process any more.
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("it goes on");
}
const pidIn = async (file: string): Promise<number> => Number(await readFile(join(dir, file), "utf8"));

it("resolves with what a command writes, which has nothing else of ours", async () => {
  const script = 'cat; pwd; env | grep -v "^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD="';
  const output = await runConfined(["/bin/sh", "-c", script], Buffer.from("in\n"), limits(), NEVER);
  expect(output.toString()).toBe(`in\n${dir}\nPATH=/usr/bin:/bin\n`);
});

it.each([
  ["took-too-long", "exec sleep 30", { timeoutMs: 100 }],
  ["too-much-output", "yes", {}],
  ["failed", "exit 3", {}],
])("says that it %s", async (end, script, changes) => {
  await expect(sh(script, changes)).rejects.toMatchObject({ name: "ConfinedError", end });
});

it("ends what takes too much memory", async () => {
  const hog = "const all=[];setInterval(()=>all.push(Buffer.alloc(20e6,1)),5)";
  const run = runConfined([NODE, "-e", hog], EMPTY, limits({ maxRssBytes: 150e6 }), NEVER);
  await expect(run).rejects.toMatchObject({ end: "too-much-memory" });
});

describe("what a command has started", () => {
  it("ends with its time, though it holds on to its output", async () => {
    const began = Date.now();
    const run = sh("sleep 60 & echo $! > pid; wait", { timeoutMs: 300 });
    await expect(run).rejects.toMatchObject({ end: "took-too-long" });
    await ended(await pidIn("pid"));
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  it("ends with the command, when it does not hold on to anything", async () => {
    await sh("sleep 60 >/dev/null 2>&1 </dev/null & echo $! > pid");
    await ended(await pidIn("pid"));
  });

  it("does not keep anybody waiting that has left its group", async () => {
    const run = sh("setsid sh -c 'echo $$ > pid; exec sleep 60' & while [ ! -s pid ]; do :; done; wait", {
      timeoutMs: 500,
    });
    await expect(run).rejects.toMatchObject({ end: "took-too-long" });
    process.kill(await pidIn("pid"), "SIGKILL");
  });

  it("ends with whoever waits for it", async () => {
    const client = new AbortController();
    const run = sh("sleep 60 & echo $! > pid; wait", {}, client.signal);
    const deadline = Date.now() + 5_000;
    let pid = 0;
    while (pid === 0 && Date.now() < deadline) pid = await pidIn("pid").catch(() => 0);
    client.abort(new Error("gone"));
    await expect(run).rejects.toThrow("gone");
    await ended(pid);
  });
});
