import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@temporalio/client";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import { startTestTemporal, type TestTemporal } from "./test-temporal.ts";

const HOUR_MS = 60 * 60_000;
/** What really passes meanwhile. */
const REAL_MS = 20_000;
const QUEUE = "naps";

let dir: string;
let temporal: TestTemporal;
let connection: NativeConnection;
let client: Client;
let worker: Worker;
let running: Promise<void>;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger("ERROR") });
  dir = await mkdtemp(join(tmpdir(), "skipping-"));
  temporal = await startTestTemporal(dir, true);
  connection = await NativeConnection.connect({ address: temporal.address });
  client = new Client({ connection });
  worker = await Worker.create({
    connection,
    taskQueue: QUEUE,
    workflowsPath: join(import.meta.dirname, "testdata", "naps.ts"),
    activities: { fails: () => Promise.reject(new Error("down")) },
    // Each task replays the whole history, which must tell the same times again.
    maxCachedWorkflows: 0,
  });
  running = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await running;
  await connection.close();
  await temporal.stop();
  await rm(dir, { recursive: true });
});

function allow(workflowId: string, ms: number): void {
  if (!temporal.time) throw new Error("it was to skip time");
  temporal.time.allow(workflowId, ms);
}

const timers = async (workflowId: string) => {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const started = events?.flatMap(({ timerStartedEventAttributes: timer }) => (timer ? [timer] : [])) ?? [];
  const fired = events?.filter((event) => event.timerFiredEventAttributes) ?? [];
  return { askedS: started.map((timer) => Number(timer.startToFireTimeout?.seconds)), fired: fired.length };
};

describe("the skipping proxy", () => {
  it("lets hours pass at once, and the next run goes on with the clock of the one before", async () => {
    allow("through the day", 6 * HOUR_MS);
    const args: [number] = [3];
    const startedMs = Date.now();
    const woken = await client.workflow.execute<(hours: number) => Promise<number[]>>("naps", {
      ...{ taskQueue: QUEUE, workflowId: "through the day", args },
    });
    expect(woken).toHaveLength(6);
    for (const [index, at] of woken.entries()) {
      const hours = at - startedMs - (index + 1) * HOUR_MS;
      expect(Math.abs(hours)).toBeLessThan(REAL_MS);
    }
  });

  it("skips no more than it may, and shows in the history what was asked for", async () => {
    allow("two hours", 2 * HOUR_MS + 1);
    const options = { taskQueue: QUEUE, workflowId: "two hours", args: [3] };
    const handle = await client.workflow.start("naps", options);
    await eventually("the third begins", async () => (await timers("two hours")).askedS.length === 3);
    expect(await timers("two hours")).toEqual({ askedS: [3600, 3600, 3600], fired: 2 });
    await handle.terminate();
  });

  it("leaves alone who may skip nothing", async () => {
    const options = { taskQueue: QUEUE, workflowId: "by the clock", args: [1] };
    const handle = await client.workflow.start("naps", options);
    await eventually("it sleeps", async () => (await timers("by the clock")).askedS.length === 1);
    expect((await handle.describe()).status.name).toBe("RUNNING");
    expect(await timers("by the clock")).toEqual({ askedS: [3600], fired: 0 });
    await handle.terminate();
  });

  it("skips the pauses between attempts", async () => {
    allow("tries", HOUR_MS);
    const ms = await client.workflow.execute<() => Promise<number>>("tries", {
      ...{ taskQueue: QUEUE, workflowId: "tries" },
    });
    // 1, 2 and 4 minutes.
    expect(ms).toBeGreaterThanOrEqual(7 * 60_000);
    expect(ms).toBeLessThan(7 * 60_000 + REAL_MS);
  });
});
