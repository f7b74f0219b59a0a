import type { ToolResult } from "../kit/tool.ts";
import { SMS_LIMITS } from "./limits.ts";
import type { SmsEntry, SmsLog } from "./sms-log.ts";
import { reasonOf } from "./sms-reasons.ts";
import type { SmsAccess } from "./telnyx.ts";

const MAX_TEXT_CHARS = 700;

/** The newest messages of the log, after the provider has been asked what became of the last ones. */
export async function listSms(
  log: SmsLog,
  access: SmsAccess | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<ToolResult> {
  if (access !== undefined) await lookUp(log, access, signal);
  const entries = log.newest(limit);
  if (entries.length === 0) return { text: "No text messages have been sent or received yet." };
  return {
    text: entries.map(describe).join("\n"),
    isForeign: entries.some(({ state }) => state === "received"),
  };
}

async function lookUp(log: SmsLog, access: SmsAccess, signal: AbortSignal): Promise<void> {
  const sinceMs = Date.now() - SMS_LIMITS.lookUpMaxAgeMs;
  const open = log
    .newest(SMS_LIMITS.listMax)
    .filter(({ state, atMs }) => state === "sent" && atMs >= sinceMs)
    .slice(0, SMS_LIMITS.lookUpMax);
  if (open.length === 0) return;
  const { lookUpSms } = await import("./telnyx.ts");
  await Promise.all(
    open.map(async ({ id, providerId }) => {
      const report = providerId && (await lookUpSms(access, providerId, signal));
      if (report) log.settle(id, { providerId, ...report });
    }),
  );
}

function describe(entry: SmsEntry): string {
  const { atMs, number, text, state } = entry;
  const words = text.slice(0, MAX_TEXT_CHARS).split("\n").join("\n  > ");
  const direction = state === "received" ? `from ${number}` : `to ${number}, ${outcome(entry)}`;
  return `${new Date(atMs).toISOString().slice(0, 16)}Z ${direction}\n  > ${words}`;
}

function outcome({ state, code }: SmsEntry): string {
  if (state === "unknown" || state === "sending") return "not known whether it was sent";
  if (state === "failed") return `not delivered: ${reasonOf(code)}`;
  if (state === "refused") return `not sent: ${reasonOf(code)}`;
  return state === "delivered" ? "delivered" : "sent, delivery not confirmed yet";
}
