import type { EndReason } from "../../instance-state.ts";
import type { World } from "../world.ts";

/** What an agent says to the platform; `end` names the reason as the registry keeps it. */
export type Report =
  | { kind: "idle"; inboxId: string }
  | { kind: "fault" }
  | { kind: "exploding" | "exploded"; end: EndReason }
  | { kind: "joined" | "join-refused"; claimId: string };

/** Writes a report down before anybody is woken by it. `gone` when nobody may report for the instance any more. */
export function takeReport(
  { tables }: World,
  id: string,
  epoch: number,
  sequence: number,
  report: Report,
): "taken" | "repeated" | "stale" | "gone" {
  const row = tables.instance(id);
  if (row.state === "exploded" || !row.hasDataKey) return "gone";
  if (row.epoch !== epoch) return "stale";
  const mark = `${epoch}/${sequence}`;
  if (row.reports.has(mark)) return "repeated";
  row.reports.add(mark);
  switch (report.kind) {
    case "idle":
      row.readyEpoch = epoch;
      row.inboxId ??= report.inboxId;
      break;
    case "fault":
      row.faultedEpoch = epoch;
      break;
    case "exploded":
      row.reportedExploded = true;
      row.reportedEnd ??= report.end;
      break;
    case "exploding":
      row.reportedEnd ??= report.end;
      break;
    case "joined":
    case "join-refused":
      break;
  }
  return "taken";
}
