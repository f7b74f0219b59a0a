import type { DatabaseSync } from "node:sqlite";
import { Type } from "typebox";
import { Value } from "typebox/value";
import {
  type AgentEvent,
  FAULT_CODES,
  FAULT_PARTS,
  PROVISION_REFUSALS,
} from "../../../domain/agent-protocol.ts";

/** A report as it waits: its epoch and number are given when it is first sent in an epoch. */
export type Report = AgentEvent extends infer Event
  ? Event extends AgentEvent
    ? Omit<Event, "epoch" | "sequence">
    : never
  : never;

const Id = Type.String({ maxLength: 128 });
const Report = Type.Union([
  Type.Object({ kind: Type.Literal("idle"), inboxId: Id, conversationId: Id }),
  Type.Object({ kind: Type.Literal("joined"), claimId: Id, conversationId: Id }),
  Type.Object({
    kind: Type.Literal("join-refused"),
    claimId: Id,
    refusal: Type.Union(PROVISION_REFUSALS.map((refusal) => Type.Literal(refusal))),
  }),
  Type.Object({
    kind: Type.Literal("fault"),
    part: Type.Union(FAULT_PARTS.map((part) => Type.Literal(part))),
    code: Type.Union(FAULT_CODES.map((code) => Type.Literal(code))),
  }),
  Type.Object({ kind: Type.Literal("expiry-set"), expiresAtMs: Type.Integer() }),
]);
type QueuedReport = Exclude<Report, { kind: "exploding" | "exploded" }>;

export interface NumberedReport {
  position: number;
  event: AgentEvent;
}

/** Reports that have not been accepted yet, in order, with numbers that rise over restarts of one epoch. */
export interface ReportQueue {
  add(report: QueuedReport): void;
  next(): NumberedReport | undefined;
  accepted(position: number): void;
  /** The highest number given out in this epoch. */
  lastSequence(): number;
}

export function createReportQueue(database: DatabaseSync, epoch: number): ReportQueue {
  // What a former process said of its own condition is not true of this one; outcomes of the claim stay true.
  database.exec("UPDATE report SET done = 1 WHERE done = 0 AND event ->> 'kind' IN ('idle', 'fault')");
  const insert = database.prepare("INSERT INTO report (event) VALUES (?)");
  const same = database.prepare("SELECT 1 FROM report WHERE event = ? AND done = 0");
  const first = database.prepare(
    "SELECT position, event, epoch, sequence FROM report WHERE done = 0 ORDER BY position LIMIT 1",
  );
  const number = database.prepare("UPDATE report SET epoch = ?, sequence = ? WHERE position = ?");
  const highest = database.prepare(
    "SELECT coalesce(max(sequence), 0) AS sequence FROM report WHERE epoch = ?",
  );
  const close = database.prepare("UPDATE report SET done = 1 WHERE position = ?");

  const lastSequence = (): number => {
    const value = highest.get(epoch)?.sequence;
    return typeof value === "number" ? value : 0;
  };
  return {
    add: (report) => {
      const event = JSON.stringify(report);
      if (same.get(event) === undefined) insert.run(event);
    },
    next: () => {
      const row = first.get();
      if (row === undefined) return undefined;
      if (typeof row.position !== "number" || typeof row.event !== "string")
        throw new TypeError("a stored report is malformed");
      const report = Value.Parse(Report, JSON.parse(row.event));
      let sequence = row.sequence;
      if (row.epoch !== epoch || typeof sequence !== "number") {
        sequence = lastSequence() + 1;
        number.run(epoch, sequence, row.position);
      }
      return { position: row.position, event: { ...report, epoch, sequence } };
    },
    accepted: (position) => void close.run(position),
    lastSequence,
  };
}
