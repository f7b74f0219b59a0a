import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, Connection } from "@temporalio/client";
import { defaultPayloadConverter } from "@temporalio/common";
import { temporal } from "@temporalio/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimWorkflowId, explodeWorkflowId, instanceWorkflowId } from "../domain/ids.ts";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import { startTestTemporal, type TestTemporal } from "../infra/testing/test-temporal.ts";
import { newClaimId, newInstanceId } from "./registry/new-id.ts";
import { startClaim, startExplode, startLifecycle } from "./workflow-starts.ts";

const SINCE_MS = 1_700_000_000_000;
const POLL_MAX_MS = 10_000;
const { COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION, COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION } =
  temporal.api.enums.v1.CommandType;

let dir: string;
let server: TestTemporal;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "workflow-starts-"));
  server = await startTestTemporal(dir);
  connection = await Connection.connect({ address: server.address });
  client = new Client({ connection });
});
afterAll(async () => {
  await connection.close();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

const KINDS = [
  {
    type: "claim",
    taskQueue: TASK_QUEUES.claims,
    make() {
      const id = newClaimId();
      return { workflowId: claimWorkflowId(id), start: () => startClaim(client, id, SINCE_MS) };
    },
  },
  {
    type: "instanceLifecycle",
    taskQueue: TASK_QUEUES.control,
    make() {
      const id = newInstanceId();
      return { workflowId: instanceWorkflowId(id), start: () => startLifecycle(client, id) };
    },
  },
  {
    type: "explode",
    taskQueue: TASK_QUEUES.control,
    make() {
      const id = newInstanceId();
      return { workflowId: explodeWorkflowId(id), start: () => startExplode(client, id, "operator") };
    },
  },
];

const describeRun = async (workflowId: string) => {
  const { runId, status } = await client.workflow.getHandle(workflowId).describe();
  return { runId, status: status.name };
};

/** What a worker answers when the workflow has come to its end. Nothing else waits in the queue. */
async function end(taskQueue: string, command: temporal.api.command.v1.ICommand): Promise<void> {
  const { namespace } = client.options;
  const { taskToken } = await client.withDeadline(Date.now() + POLL_MAX_MS, () =>
    client.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: taskQueue } }),
  );
  await client.workflowService.respondWorkflowTaskCompleted({ namespace, taskToken, commands: [command] });
}

const completed = {
  commandType: COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
  completeWorkflowExecutionCommandAttributes: {},
};
const failed = {
  commandType: COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
  failWorkflowExecutionCommandAttributes: { failure: { message: "internal" } },
};

describe.each(KINDS)("a workflow of type $type", ({ taskQueue, make }) => {
  it("is started once however often it is asked for, and again after it failed, never after its end", async () => {
    const { workflowId, start } = make();
    await start();
    const first = await describeRun(workflowId);
    await start();
    expect(await describeRun(workflowId)).toEqual(first);

    await end(taskQueue, failed);
    expect(await describeRun(workflowId)).toEqual({ ...first, status: "FAILED" });
    await start();
    const second = await describeRun(workflowId);
    expect(second.status).toBe("RUNNING");
    expect(second.runId).not.toBe(first.runId);

    await end(taskQueue, completed);
    await start();
    expect(await describeRun(workflowId)).toEqual({ ...second, status: "COMPLETED" });
  });

  it("is started again after it was terminated", async () => {
    const { workflowId, start } = make();
    await start();
    const first = await describeRun(workflowId);
    await client.workflow.getHandle(workflowId).terminate("by hand");
    await start();
    const second = await describeRun(workflowId);
    expect(second.status).toBe("RUNNING");
    expect(second.runId).not.toBe(first.runId);
    await end(taskQueue, completed);
  });
});

describe("a claim's workflow", () => {
  it("is told when the claim was taken in", async () => {
    const claimId = newClaimId();
    await startClaim(client, claimId, SINCE_MS);
    const { events } = await client.workflow.getHandle(claimWorkflowId(claimId)).fetchHistory();
    const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    expect(payload && defaultPayloadConverter.fromPayload(payload)).toEqual({ claimId, sinceMs: SINCE_MS });
  });
});
