import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type NodeChild, startNodeChild } from "./node-child.ts";
import { identify } from "./process-identity.ts";
import { endLeftovers, openRunRecord } from "./run-record.ts";
import { createSupervisor, type SupervisorEvent } from "./supervisor.ts";

/** Each writes its pid to a file named after it when it starts, and a line to `order` when it stops in good order. */
const PROGRAMS = {
  good: `
    process.on("SIGTERM", () => setTimeout(() => {
      appendFileSync("order", name + "\\n");
      process.exit(0);
    }, name === "second" ? 200 : 0));
    ready();`,
  stubborn: `process.on("SIGTERM", () => undefined); ready();`,
  crashing: `ready(); setTimeout(() => { console.error("crash of " + name); process.exit(3); }, 20);`,
  crashingOnce: `
    if (existsSync("crashed")) ready();
    else { writeFileSync("crashed", ""); ready(); setTimeout(() => process.exit(3), 20); }
    process.on("SIGTERM", () => process.exit(0));`,
  neverReady: `console.log("{not json"); console.error("still loading");`,
  deadAtStart: `console.error("no such key"); process.exit(9);`,
};
const PROLOGUE = `
  import { appendFileSync, existsSync, writeFileSync } from "node:fs";
  const name = process.argv[2];
  writeFileSync(name + ".pid", String(process.pid));
  const ready = () => process.stdout.write(JSON.stringify({ ready: true, name }) + "\\n");
  const alive = setInterval(() => undefined, 1000);
`;

let folder = "";
const events: SupervisorEvent[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "convos-supervisor-"));
  await mkdir(join(folder, "logs"));
  for (const [program, body] of Object.entries(PROGRAMS)) {
    await writeFile(join(folder, `${program}.mjs`), PROLOGUE + body);
  }
  events.length = 0;
});
afterEach(() => rm(folder, { recursive: true }));

const starter =
  (program: keyof typeof PROGRAMS, name: string, limits: { readyTimeoutMs?: number } = {}) =>
  (signal: AbortSignal): Promise<NodeChild> =>
    startNodeChild({
      script: join(folder, `${program}.mjs`),
      args: [name],
      cwd: folder,
      env: { PATH: process.env.PATH ?? "" },
      logFile: join(folder, "logs", `${name}.log`),
      readyTimeoutMs: limits.readyTimeoutMs ?? 10_000,
      graceS: 1,
      signal,
    });

const supervise = () =>
  createSupervisor({
    record: openRunRecord(join(folder, "run.json")),
    report: (event) => events.push(event),
    policy: { firstDelayMs: 10, maxDelayMs: 40, maxRestarts: 3, windowMs: 60_000 },
  });

const pidOf = async (name: string) => Number(await readFile(join(folder, `${name}.pid`), "utf8"));
const recorded = async () => JSON.parse(await readFile(join(folder, "run.json"), "utf8"));

describe("supervisor", () => {
  it("waits for each part, and stops them in reverse order", async () => {
    const supervisor = supervise();
    const first = await supervisor.run("first", starter("good", "first"));
    await supervisor.run("second", starter("good", "second"));
    expect(first.ready).toEqual({ ready: true, name: "first" });
    expect(await recorded()).toHaveLength(2);
    await Promise.all([supervisor.stop(), supervisor.stop()]);
    expect(await readFile(join(folder, "order"), "utf8")).toBe("second\nfirst\n");
    expect(await recorded()).toEqual([]);
    expect(events).toEqual([]);
  });

  it("kills a part that does not stop in time", async () => {
    const supervisor = supervise();
    await supervisor.run("stubborn", starter("stubborn", "stubborn"));
    const pid = await pidOf("stubborn");
    await supervisor.stop();
    expect(await identify(pid)).toBeUndefined();
  });

  it("restarts a part that died", async () => {
    const supervisor = supervise();
    await supervisor.run("once", starter("crashingOnce", "once"));
    await expect.poll(() => events.map(({ kind }) => kind)).toEqual(["died", "restarted"]);
    expect(await identify(await pidOf("once"))).toBeDefined();
    await supervisor.stop();
    expect(await identify(await pidOf("once"))).toBeUndefined();
  });

  it("gives up a part that keeps dying, with its last words", async () => {
    const supervisor = supervise();
    await supervisor.run("weak", starter("crashing", "weak"));
    expect(await supervisor.gaveUp).toBe("weak");
    expect(events.filter(({ kind }) => kind === "died")).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({
      kind: "gave-up",
      reason: expect.stringContaining("crash of weak"),
    });
    await supervisor.stop();
  });

  it("says why a part did not start", async () => {
    const supervisor = supervise();
    await expect(supervisor.run("dead", starter("deadAtStart", "dead"))).rejects.toThrow(
      "ended with code 9\nno such key",
    );
    const late = starter("neverReady", "late", { readyTimeoutMs: 500 });
    await expect(supervisor.run("late", late)).rejects.toThrow("not ready within 0.5 s");
    expect(await identify(await pidOf("late"))).toBeUndefined();
    await supervisor.stop();
  });

  it("stops while a part is still being started", async () => {
    const supervisor = supervise();
    await supervisor.run("first", starter("good", "first"));
    const late = supervisor.run("late", starter("neverReady", "late", { readyTimeoutMs: 60_000 }));
    const outcome = expect(late).rejects.toThrow();
    await expect.poll(() => pidOf("late")).toBeGreaterThan(0);
    await supervisor.stop();
    await outcome;
    expect(await identify(await pidOf("late"))).toBeUndefined();
    expect(await identify(await pidOf("first"))).toBeUndefined();
  });

  it("leaves nothing behind when it is killed, not even a part that ignores signals", async () => {
    const program = `
      const { startNodeChild } = await import(${JSON.stringify(join(import.meta.dirname, "node-child.ts"))});
      for (const name of ["good", "stubborn"]) {
        await startNodeChild({
          script: ${JSON.stringify(folder)} + "/" + name + ".mjs", args: [name], cwd: ${JSON.stringify(folder)},
          env: { PATH: process.env.PATH }, logFile: ${JSON.stringify(join(folder, "logs", "x.log"))},
          readyTimeoutMs: 10000, graceS: 1, signal: new AbortController().signal,
        });
      }
      process.stdout.write("up");`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => parent.stdout.once("data", resolve));
    parent.kill("SIGKILL");
    for (const name of ["good", "stubborn"]) {
      const pid = await pidOf(name);
      await expect.poll(() => identify(pid), { timeout: 5_000 }).toBeUndefined();
    }
    expect(await readFile(join(folder, "order"), "utf8")).toBe("good\n");
  });
});

describe("endLeftovers", () => {
  const leader = () => spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  const file = () => join(folder, "run.json");

  it("ends what an earlier run recorded", async () => {
    const record = openRunRecord(file());
    const { pid = 0 } = leader();
    await record.add("postgres", pid);
    expect(await endLeftovers(file(), 1_000)).toEqual(["postgres"]);
    expect(await identify(pid)).toBeUndefined();
    expect(await endLeftovers(file(), 1_000)).toEqual([]);
  });

  it("leaves a stranger with the same pid alone", async () => {
    const { pid = 0 } = leader();
    await writeFile(file(), JSON.stringify([{ name: "postgres", pid, startTime: "1" }]));
    expect(await endLeftovers(file(), 1_000)).toEqual([]);
    expect(await identify(pid)).toBeDefined();
    process.kill(pid, "SIGKILL");
  });

  it("refuses a file that is not a list of processes", async () => {
    await writeFile(file(), JSON.stringify([{ name: "init", pid: 1, startTime: "1" }]));
    await expect(endLeftovers(file(), 1_000)).rejects.toThrow("not a list of processes");
  });
});
