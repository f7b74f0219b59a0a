import type { DatabaseSync } from "node:sqlite";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { SCHEDULE_LIMITS } from "../../skills/scheduling/limits.ts";
import { type Schedule, ScheduleContent, type Schedules } from "../../skills/scheduling/schedules.ts";
import { transaction } from "./database.ts";
import type { Vault } from "./vault.ts";

const PURPOSE = "schedule";
const ORIGIN_PURPOSE = "schedule-origin";

/** Where a message of a schedule comes from; it outlives the schedule. */
const Origin = Type.Object({ ownerInboxId: Type.String(), isTainted: Type.Boolean() });

export function createSchedules(database: DatabaseSync, vault: Vault): Schedules {
  const select = database.prepare("SELECT id, due_at, content FROM schedule ORDER BY due_at, rowid");
  const upsert = database.prepare(
    `INSERT INTO schedule (id, due_at, content) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, content = excluded.content`,
  );
  const move = database.prepare("UPDATE schedule SET due_at = ? WHERE id = ?");
  const remove = database.prepare("DELETE FROM schedule WHERE id = ?");
  const insertRun = database.prepare(
    "INSERT INTO schedule_run (message_id, origin) VALUES (?, ?) ON CONFLICT (message_id) DO NOTHING",
  );
  const trimRuns = database.prepare(
    `DELETE FROM schedule_run WHERE position <= (SELECT max(position) FROM schedule_run) - ${SCHEDULE_LIMITS.runsRemembered}`,
  );
  const selectOrigin = database.prepare("SELECT origin FROM schedule_run WHERE message_id = ?");

  const read = ({ id, due_at: dueMs, content }: Record<string, unknown>): Schedule => {
    if (typeof id !== "string" || typeof dueMs !== "number" || !(content instanceof Uint8Array))
      throw new TypeError("a stored schedule is malformed");
    return { id, dueMs, content: Value.Parse(ScheduleContent, JSON.parse(vault.openText(PURPOSE, content))) };
  };
  const originOf = (messageId: string) => {
    const origin = selectOrigin.get(messageId)?.origin;
    if (!(origin instanceof Uint8Array)) return undefined;
    return Value.Parse(Origin, JSON.parse(vault.openText(ORIGIN_PURPOSE, origin)));
  };
  return {
    all: () => select.all().map(read),
    put: ({ id, dueMs, content }) =>
      void upsert.run(id, dueMs, vault.sealText(PURPOSE, JSON.stringify(content))),
    remove: (id) => remove.run(id).changes > 0,
    settle: ({ id, content }, messageId, nextMs, deliver) =>
      transaction(database, () => {
        const { askedBy, isTainted } = content;
        const origin = JSON.stringify({ ownerInboxId: askedBy.inboxId, isTainted });
        insertRun.run(messageId, vault.sealText(ORIGIN_PURPOSE, origin));
        trimRuns.run();
        if (nextMs === undefined) remove.run(id);
        else move.run(nextMs, id);
        deliver();
      }),
    ownerOf: (messageId) => originOf(messageId)?.ownerInboxId,
    isTainted: (messageId) => originOf(messageId)?.isTainted === true,
  };
}
