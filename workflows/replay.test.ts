import { DefaultLogger, type ReplayResult, Runtime, Worker } from "@temporalio/worker";
import { DeterminismViolationError } from "@temporalio/workflow";
import { beforeAll, describe, expect, it } from "vitest";
import { textsIn } from "../activities/audit/texts-in.ts";
import { WORKFLOW_TYPES } from "../domain/workflow-types.ts";
import { type Payloads, type RecordedHistory, readHistories } from "../infra/testing/history-files.ts";
import { bundleWorkflows } from "../workers/bundle.ts";

/**
 * What ran yesterday must go on with today's code: recorded histories are replayed against the present workflows. A
 * failure means that running workflows would get stuck: guard the change with `patched`, or, where none can be
 * running, record anew with `infra/testing/record-histories.ts`.
 */
const MAX_BYTES = 60_000;
/** Paths and hosts; addresses, instructions, keys and other secrets. */
const TOLD = [
  ...[/\/(work|home|root|tmp|usr|Users)\//, /\d+@/],
  ...[/https?:/, /trip planner/, /sk-or-/, /\b[0-9a-f]{64}\b/],
];
const ANOTHER = "anotherActivity";
const HISTORIES = readHistories();
const NAMES = HISTORIES.map(({ name }) => name);

let workflowBundle: Awaited<ReturnType<typeof bundleWorkflows>>;
beforeAll(async () => {
  // What is planted below is loud otherwise.
  const filter = { core: "ERROR", other: "ERROR" } as const;
  Runtime.install({ logger: new DefaultLogger("ERROR"), telemetryOptions: { logging: { filter } } });
  workflowBundle = await bundleWorkflows();
});

async function replay(histories: readonly RecordedHistory[]): Promise<ReplayResult[]> {
  const items = histories.map(({ name, history }) => ({ workflowId: name, history }));
  const results: ReplayResult[] = [];
  for await (const result of Worker.runReplayHistories({ workflowBundle }, items)) results.push(result);
  return results;
}

describe("recorded histories", () => {
  it("are of every workflow", () => {
    expect(new Set(HISTORIES.map(({ type }) => type))).toEqual(new Set(Object.values(WORKFLOW_TYPES)));
  });

  it("replay with the present code", async () => {
    const results = await replay(HISTORIES);
    expect(results.map(({ workflowId }) => workflowId).sort()).toEqual(NAMES);
    expect(
      results.flatMap(({ workflowId, error }) => (error ? [`${workflowId}: ${error.message}`] : [])),
    ).toEqual([]);
  });

  it("would each betray a change of what its workflow does", async () => {
    const results = await replay(HISTORIES.map(changed));
    const betrayed = results.filter(({ error }) => error instanceof DeterminismViolationError);
    expect(betrayed.map(({ workflowId }) => workflowId).sort()).toEqual(NAMES);
  });

  it.each(HISTORIES)(
    "$name holds ids only, and nothing of the machine it was recorded on",
    ({ history, bytes }) => {
      expect(bytes).toBeLessThan(MAX_BYTES);
      const texts = textsIn(history).join("\n");
      expect(texts).toContain("recorded");
      expect(TOLD.filter((pattern) => pattern.test(texts))).toEqual([]);
    },
  );
});

/** As if the workflow had called another activity first than it does now. */
function changed({ history, ...recorded }: RecordedHistory): RecordedHistory {
  const events = (history.events ?? []).slice();
  const index = events.findIndex(
    (event) => event.activityTaskScheduledEventAttributes ?? event.markerRecordedEventAttributes,
  );
  const event = events[index];
  if (!event) throw new Error(`${recorded.name} calls no activity`);
  const { activityTaskScheduledEventAttributes: scheduled, markerRecordedEventAttributes: marker } = event;
  if (scheduled) {
    const activityTaskScheduledEventAttributes = { ...scheduled, activityType: { name: ANOTHER } };
    events[index] = { ...event, activityTaskScheduledEventAttributes };
  } else {
    const details = { ...marker?.details, data: renamed(marker?.details?.data) };
    events[index] = { ...event, markerRecordedEventAttributes: { ...marker, details } };
  }
  return { ...recorded, history: { events } };
}

/** What a local activity leaves behind names it in JSON. */
function renamed(data: Payloads | undefined): Payloads {
  const [payload] = data?.payloads ?? [];
  const note: unknown = JSON.parse(Buffer.from(payload?.data ?? []).toString("utf8"));
  const text = JSON.stringify({ ...Object(note), activity_type: ANOTHER });
  return { payloads: [{ ...payload, data: Buffer.from(text) }] };
}
