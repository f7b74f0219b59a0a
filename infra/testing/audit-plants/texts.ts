import { type WorkflowHandle, WorkflowNotFoundError } from "@temporalio/client";
import { sql } from "kysely";
import { claimKeyContext, sealInput } from "../../../activities/registry/claim-texts.ts";
import { readSecret } from "../../../activities/registry/secrets.ts";
import { eventually } from "../eventually.ts";
import type { TestPlatform } from "../platform.ts";
import { extraClaim, inPostgres, type Plant } from "./plant.ts";

const IN_HISTORY = "its history holds a secret or a person's text";
/** Does nothing, since nobody polls its queue. */
const PLANTED = { type: "audit", taskQueue: "nobody", workflowId: "planted" } as const;
/** With what JSON writes differently. */
const INSTRUCTIONS = 'Plan the "trip"\nto Lisbon, for Müller';

/** Secrets and people's words where everybody reads them. */
export const TEXT_PLANTS: readonly Plant[] = [
  {
    invariant: "I6",
    detail: IN_HISTORY,
    what: "an invite in a workflow's input",
    async make({ platform, live }) {
      const handle = await start(platform, { args: [{ claimId: live.claimId, url: live.inviteUrl }] });
      return { subject: handle.workflowId, undo: () => remove(platform, handle) };
    },
  },
  {
    invariant: "I6",
    detail: IN_HISTORY,
    what: "a secret in a signal",
    async make({ platform, live }) {
      const handle = await start(platform, {});
      await handle.signal("wake", await readSecret(platform.registry, live.instanceId, "instance-secret"));
      return { subject: handle.workflowId, undo: () => remove(platform, handle) };
    },
  },
  {
    invariant: "I6",
    detail: IN_HISTORY,
    what: "a secret in a workflow's id",
    async make({ platform, live }) {
      const secret = await readSecret(platform.registry, live.instanceId, "instance-secret");
      const handle = await start(platform, { workflowId: `planted/${secret}` });
      return { subject: handle.firstExecutionRunId, undo: () => remove(platform, handle) };
    },
  },
  {
    invariant: "I6",
    detail: IN_HISTORY,
    what: "the instructions of a claim that waits",
    async make({ platform }) {
      const { db, vault } = platform.registry;
      const claim = extraClaim("waiting");
      const { key, sealed } = await vault.newDataKey(claimKeyContext(claim.id));
      await claim.insert.execute(db);
      await sql`UPDATE claims SET data_key = ${sealed}, input = ${sealInput(key, claim.id, { instructions: INSTRUCTIONS })}
        WHERE id = ${claim.id}`.execute(db);
      const handle = await start(platform, { args: [INSTRUCTIONS] });
      return {
        subject: handle.workflowId,
        async undo() {
          await claim.remove.execute(db);
          await remove(platform, handle);
        },
      };
    },
  },
  inPostgres(
    "I6",
    "an event holds a secret or a person's text",
    "an invite in an event",
    ({ idle, live }) => ({
      subject: idle.instanceId,
      plant: [
        sql`INSERT INTO instance_events (instance_id, kind, detail)
        VALUES (${idle.instanceId}, 'planted', ${`it was invited by ${live.inviteUrl}`})`,
      ],
      undo: [sql`DELETE FROM instance_events WHERE kind = 'planted'`],
    }),
  ),
];

/** Resolves once it is listed, as the audit finds workflows by their list. */
async function start({ temporal }: TestPlatform, options: { workflowId?: string; args?: unknown[] }) {
  const { type, ...planted } = PLANTED;
  const handle = await temporal.workflow.start(type, { ...planted, args: [], ...options });
  await eventually("it is listed", async () => {
    for await (const { runId } of temporal.workflow.list()) {
      if (runId === handle.firstExecutionRunId) return true;
    }
    return false;
  });
  return handle;
}

/** Does not wait for the list, which may show it for a while. */
async function remove({ temporal }: TestPlatform, handle: WorkflowHandle): Promise<void> {
  const { workflowId } = handle;
  await temporal.workflowService.deleteWorkflowExecution({
    namespace: temporal.options.namespace,
    workflowExecution: { workflowId },
  });
  await eventually("it is gone", async () => {
    try {
      await handle.describe();
      return false;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return true;
      throw error;
    }
  });
}
