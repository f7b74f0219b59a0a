import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@temporalio/client";
import type proto from "@temporalio/proto";
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundle,
} from "@temporalio/worker";
import { DeterminismViolationError } from "@temporalio/workflow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../infra/testing/eventually.ts";
import { startTestTemporal, type TestTemporal } from "../infra/testing/test-temporal.ts";
import type { Steps } from "./testdata/patching/steps.ts";

/** The example of `docs/guides/changing-workflows.md`, executed: each version of the code runs, and replays others. */
type Version = "before" | "unguarded" | "patched" | "deprecated";
type History = proto.temporal.api.history.v1.IHistory;

const FOLDER = join(import.meta.dirname, "testdata", "patching");
const QUEUE = "patching";
const STEPS: Steps = { checkBudget: () => Promise.resolve(), makeMailbox: () => Promise.resolve() };

let dir: string;
let temporal: TestTemporal;
let connection: NativeConnection;
const bundles = new Map<Version, WorkflowBundle>();

beforeAll(async () => {
  // The replays that fail on purpose are loud otherwise.
  const filter = { core: "ERROR", other: "ERROR" } as const;
  const logger = new DefaultLogger("ERROR");
  Runtime.install({ logger, telemetryOptions: { logging: { filter } } });
  dir = await mkdtemp(join(tmpdir(), "patching-"));
  temporal = await startTestTemporal(dir);
  connection = await NativeConnection.connect({ address: temporal.address });
  for (const version of ["before", "unguarded", "patched", "deprecated"] as const) {
    const workflowsPath = join(FOLDER, `${version}.ts`);
    bundles.set(version, await bundleWorkflowCode({ workflowsPath, logger }));
  }
});
afterAll(async () => {
  await connection.close();
  await temporal.stop();
  await rm(dir, { recursive: true });
});

function bundleOf(version: Version): WorkflowBundle {
  const bundle = bundles.get(version);
  if (!bundle) throw new Error(`${version} is not bundled`);
  return bundle;
}

/** Runs the workflow with this version of its code. */
async function historyOf(version: Version): Promise<History> {
  const workflowBundle = bundleOf(version);
  const worker = await Worker.create({ connection, taskQueue: QUEUE, workflowBundle, activities: STEPS });
  const { workflow } = new Client({ connection });
  return worker.runUntil(async () => {
    await workflow.execute("settleIn", { taskQueue: QUEUE, workflowId: version });
    return workflow.getHandle(version).fetchHistory();
  });
}

const activitiesOf = ({ events }: History) =>
  (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: call }) => call?.activityType?.name ?? []);

const replay = (version: Version, history: History): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: bundleOf(version) }, history, "replayed");

describe("a step that is put before others", () => {
  let before: History;
  let patched: History;
  beforeAll(async () => {
    before = await historyOf("before");
    patched = await historyOf("patched");
  });

  it("breaks what began before it, when it is not guarded", async () => {
    expect(activitiesOf(before)).toEqual(["makeMailbox"]);
    await expect(replay("unguarded", before)).rejects.toThrow(DeterminismViolationError);
  });

  it("leaves what began before it alone, when it is patched, and is taken by what begins after", async () => {
    await replay("patched", before);
    expect(activitiesOf(patched)).toEqual(["checkBudget", "makeMailbox"]);
    await replay("patched", patched);
  });

  it("tells which runs have not taken it", async () => {
    const listed = async (condition: string): Promise<string[]> => {
      const found: string[] = [];
      const query = `WorkflowType = "settleIn" AND TemporalChangeVersion ${condition}`;
      for await (const { workflowId } of new Client({ connection }).workflow.list({ query }))
        found.push(workflowId);
      return found;
    };
    const taken = async () => (await listed('= "budget-first"')).join() === "patched";
    await eventually("the one that has taken it is listed", taken);
    expect(await listed("IS NULL")).toEqual(["before"]);
  });

  it("may lose the old way only when nothing from before the patch runs", async () => {
    await replay("deprecated", patched);
    await expect(replay("deprecated", before)).rejects.toThrow(DeterminismViolationError);
  });

  it("may lose the patch only when nothing runs that was marked", async () => {
    await replay("unguarded", await historyOf("deprecated"));
    await expect(replay("unguarded", patched)).rejects.toThrow(DeterminismViolationError);
  });
});
