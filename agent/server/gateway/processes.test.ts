import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exists } from "./owned-files.ts";
import { gatewayPaths } from "./paths.ts";
import { groupRssBytes, killAll, killLeftover, noteProcess } from "./processes.ts";
import { endLeftoverGateway } from "./start-gateway.ts";

let dir: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "processes-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(dir, { recursive: true, force: true });
});

/** A shell with a child of its own, both in a new process group; resolves once both run. */
async function startFamily(
  user: { uid: number; gid: number } | object = {},
  command = "sleep 60 & echo up; wait",
) {
  const child = spawn("/bin/sh", ["-c", command], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
    ...user,
  });
  children.push(child);
  await once(child.stdout, "data");
  const { pid } = child;
  if (pid === undefined) throw new Error("no pid");
  return { pid, exited: once(child, "exit") };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: it is gone.
    return false;
  }
};

describe("the gateway's processes", () => {
  it("are ended as a group, and only they", async () => {
    const [doomed, other] = [await startFamily(), await startFamily()];
    await killAll(doomed.pid, undefined);
    await doomed.exited;
    expect(isAlive(doomed.pid)).toBe(false);
    expect(isAlive(other.pid)).toBe(true);
    await killAll(doomed.pid, undefined);
  });

  it("are found again by the note of an earlier server, which is used up", async () => {
    const file = join(dir, "process.json");
    const left = await startFamily();
    await noteProcess(file, left.pid);
    await killLeftover(file, undefined);
    await left.exited;
    expect(await exists(file)).toBe(false);
    await killLeftover(file, undefined);
  });

  it("are ended by the start of a server that has no gateway of its own", async () => {
    const paths = gatewayPaths(dir);
    const left = await startFamily();
    await noteProcess(paths.processFile, left.pid);
    await endLeftoverGateway(paths.root, undefined);
    await left.exited;
    await endLeftoverGateway(join(dir, "never-was"), undefined);
  });

  it("are not mistaken for another process that got the same number", async () => {
    const file = join(dir, "process.json");
    const innocent = await startFamily();
    await writeFile(file, JSON.stringify({ pid: innocent.pid, startedAt: "1" }));
    await killLeftover(file, undefined);
    await writeFile(file, "{ cut sho");
    await killLeftover(file, undefined);
    expect(isAlive(innocent.pid)).toBe(true);
  });

  it.runIf(process.platform === "linux")("tell how much memory they use together", async () => {
    const family = await startFamily();
    expect(groupRssBytes(family.pid)).toBeGreaterThan(100_000);
    await killAll(family.pid, undefined);
    await family.exited;
    expect(groupRssBytes(family.pid)).toBeUndefined();
  });

  it.runIf(process.platform === "linux" && process.getuid?.() === 0)(
    "are ended by their uid even when they left the group",
    async () => {
      const uid = 100_000 + (process.pid % 10_000);
      const escaped = await startFamily({ uid, gid: uid }, "setsid sleep 60 & echo up; wait");
      await killAll(escaped.pid, uid);
      await escaped.exited;
      await killAll(undefined, uid);
      expect(isAlive(escaped.pid)).toBe(false);
    },
  );
});
