import type { StoredMessage } from "../../server/state/turn-ledger.ts";
import { SCHEDULE_LIMITS } from "./limits.ts";
import type { Schedule } from "./schedules.ts";
import { sayDuration, sayMoment, sayRule } from "./wording.ts";

/** As the inbound messages know this sender: no inbox has such an id. */
const SENDER = "outside:schedule";
const NAME_MAX_CHARS = 100;
const BREAKS = /[\p{Cc}\u2028\u2029]+/gu;
const LINES = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;

/** The same for the same due time, so that it becomes one turn however often it is delivered. */
export const messageIdOf = (scheduleId: string, dueMs: number): string => `schedule:${scheduleId}:${dueMs}`;

/**
 * What a schedule says when it is due. Names and task are quoted line by line, so that none can be taken for another's
 * words.
 */
export function toMessage({ id, content }: Schedule, dueMs: number, nowMs: number): StoredMessage {
  const { task, rule, askedBy, askedAtMs, isTainted } = content;
  const lateMs = nowMs - dueMs;
  const zone = rule.timezone;
  const lines = [
    "A task that a person of this conversation scheduled is due now. Do what is quoted at the end, and answer here, for them.",
    `Asked by: ${askedBy.name.replace(BREAKS, " ").slice(0, NAME_MAX_CHARS)}, on ${sayMoment(askedAtMs, zone)}`,
    `Due: ${sayMoment(dueMs, zone)}`,
    ...(lateMs > SCHEDULE_LIMITS.lateAfterMs
      ? [
          `Late by ${sayDuration(lateMs)}, because you were not running: say so. It is ${sayMoment(nowMs, zone)} now.${rule.kind === "once" ? "" : " Earlier times that were missed are not made up for."}`,
        ]
      : []),
    `Repeats: ${sayRule(rule)}; schedule ${id}`,
    ...(isTainted ? ["The task may hold words from outside of the conversation."] : []),
    ...task.split(LINES).map((line) => `> ${line}`),
  ];
  return { id: messageIdOf(id, dueMs), senderInboxId: SENDER, text: lines.join("\n"), sentAtMs: nowMs };
}
