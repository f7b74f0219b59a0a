import type { AgentEvent } from "../../domain/agent-protocol.ts";
import type { InstanceId } from "../../domain/ids.ts";
import type { EndReason } from "../../domain/instance-state.ts";
import { setExpiry } from "./expiry.ts";
import type { Registry } from "./registry.ts";

/**
 * Writes down what an agent reports, before anybody is woken by it; so a lost signal loses nothing. `stale` is a
 * report of an epoch that is not the present one, `repeated` one that was taken before. Throws `conflict` for an expiry
 * that is not taken.
 */
export async function takeReport(
  { db }: Registry,
  id: InstanceId,
  event: AgentEvent,
): Promise<"taken" | "repeated" | "stale"> {
  return db.transaction().execute(async (tx) => {
    const instance = await tx
      .selectFrom("instances")
      .select(["epoch", "state"])
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (instance.epoch !== event.epoch) return "stale";
    const noted = await tx
      .insertInto("instance_events")
      .values({
        instance_id: id,
        kind: `agent-${event.kind}`,
        epoch: event.epoch,
        sequence: event.sequence,
        detail: detailOf(event),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning("id")
      .executeTakeFirst();
    if (!noted) return "repeated";
    if (event.kind === "idle") {
      await tx
        .updateTable("instances")
        .set((eb) => ({
          ready_epoch: event.epoch,
          // An agent that was taken over cannot become another inbox's.
          inbox_id: eb.fn.coalesce("inbox_id", eb.val(event.inboxId)),
          // Once it has joined another room, that one stays the conversation.
          conversation_id: eb.fn.coalesce("conversation_id", eb.val(event.conversationId)),
        }))
        .where("id", "=", id)
        .execute();
    }
    if (event.kind === "expiry-set") await setExpiry(tx, id, event.expiresAtMs);
    return "taken";
  });
}

function detailOf(event: AgentEvent): string | null {
  switch (event.kind) {
    case "exploding":
    case "exploded":
      return event.reason;
    case "expiry-set":
      return new Date(event.expiresAtMs).toISOString();
    case "fault":
      return `${event.part}: ${event.code}`;
    case "joined":
      return event.claimId;
    case "join-refused":
      return event.refusal;
    case "idle":
      return null;
  }
}

/** Whether the agent has said that its own part of the end is done. */
export async function hasReportedExploded({ db }: Registry, id: InstanceId): Promise<boolean> {
  const row = await db
    .selectFrom("instance_events")
    .select("id")
    .where("instance_id", "=", id)
    .where("kind", "=", "agent-exploded")
    .executeTakeFirst();
  return row !== undefined;
}

/** What the agent said about its own end, as the reason of the instance's. */
export async function reportedEnd({ db }: Registry, id: InstanceId): Promise<EndReason | undefined> {
  const row = await db
    .selectFrom("instance_events")
    .select("detail")
    .where("instance_id", "=", id)
    .where("kind", "in", ["agent-exploding", "agent-exploded"])
    .orderBy("id")
    .executeTakeFirst();
  return row && END_REASON_OF[row.detail ?? ""];
}

/** The last epoch whose agent reported a fault, which only a new start mends; 0 for none. */
export async function faultedEpoch({ db }: Registry, id: InstanceId): Promise<number> {
  const row = await db
    .selectFrom("instance_events")
    .select("epoch")
    .where("instance_id", "=", id)
    .where("kind", "=", "agent-fault")
    .orderBy("id", "desc")
    .executeTakeFirst();
  return row?.epoch ?? 0;
}

const END_REASON_OF: Readonly<Record<string, EndReason>> = {
  member: "exploded-by-member",
  removed: "removed",
  operator: "operator",
  expiry: "claim-expired",
};
