import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GRPC_OK } from "./grpc-status.ts";
import { GrpcTestClient, MLS } from "./grpc-test-client.ts";
import { listenOnLoopback } from "./listen.ts";
import { groupMessage } from "./mls-samples.ts";
import { encode } from "./protobuf.ts";

interface Ready {
  readonly ready: boolean;
  readonly url: string;
  readonly controlUrl: string;
}

let folder: string;
const children: ChildProcessByStdio<Writable, Readable, Readable>[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "xmtp-main-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "close");
  }
  await rm(folder, { recursive: true, force: true });
});

function run(...args: string[]) {
  const main = join(import.meta.dirname, "main.ts");
  const child = spawn(process.execPath, [main, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  children.push(child);
  return child;
}

async function readyOf(child: ReturnType<typeof run>): Promise<Ready> {
  const [line] = await once(child.stdout, "data");
  return JSON.parse(String(line));
}

async function send(url: string, content: string): Promise<number | undefined> {
  const client = new GrpcTestClient(url);
  const message = encode([1, encode([1, groupMessage({ group: "g", content })])]);
  const { status } = await client.call(`${MLS}SendGroupMessages`, encode([1, message]));
  await client.close();
  return status;
}

async function countMessages(ready: Ready): Promise<unknown> {
  const state: unknown = await (await fetch(`${ready.controlUrl}/__node/state`)).json();
  return typeof state === "object" && state && "groupMessages" in state ? state.groupMessages : undefined;
}

describe("the program", () => {
  it.for(["SIGTERM", "SIGINT"] as const)("says that it is ready, and stops cleanly on %s", async (signal) => {
    const child = run("--port", "0", "--control-port", "0");
    const ready = await readyOf(child);
    expect(ready).toEqual({
      ready: true,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      controlUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    child.stdin.end();
    expect(await countMessages(ready)).toBe(0);
    child.kill(signal);
    expect(await once(child, "close")).toEqual([0, null]);
  });

  it("keeps what it has acknowledged when it is killed", async () => {
    const args = ["--port", "0", "--data", join(folder, "data")];
    const first = run(...args);
    const before = await readyOf(first);
    for (const content of ["one", "two", "three"]) expect(await send(before.url, content)).toBe(GRPC_OK);
    first.kill("SIGKILL");
    await once(first, "close");
    const after = await readyOf(run(...args));
    expect(await countMessages(after)).toBe(3);
    expect(await send(after.url, "three")).toBe(GRPC_OK);
    expect(await send(after.url, "four")).toBe(GRPC_OK);
    expect(await countMessages(after)).toBe(4);
  });

  it.for([["--unknown"], ["--port", "x"], ["--port", "65536"], ["--control-port", "-1"], ["extra"]])(
    "refuses %j",
    async (args) => {
      const child = run(...args);
      expect(await once(child, "close")).toEqual([2, null]);
    },
  );

  it("fails when its port is taken", async () => {
    await using other = createServer();
    const port = await listenOnLoopback(other, 0);
    const child = run("--port", String(port));
    expect(await once(child, "close")).toEqual([1, null]);
  });
});
