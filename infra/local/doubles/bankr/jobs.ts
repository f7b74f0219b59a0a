import type { Account } from "./account.ts";
import { findToken, parseAmount } from "./money.ts";
import type { Job } from "./records.ts";
import { isRefused, spend } from "./spending.ts";

const PENDING_SHARE = 0.1;
const SEND = /\b(?:send|transfer)\s+(\d[\d.]*)\s+([a-z]+)\s+to\s+(0x[0-9a-f]{40})\b/i;

/** Brings every job to where it stands at the present time: what it was asked for happens at its end. */
export function settleJobs(account: Account): void {
  for (const job of account.jobs.values()) {
    const endMs = job.createdMs + account.settings.jobMs;
    if (job.end || job.fate === "never-ends" || account.nowMs < endMs) continue;
    const { status, text } = job.fate === "fails" ? FAILED : act(account, job);
    account.jobs.put(job.jobId, { ...job, end: { status, atMs: endMs, text } });
  }
}

const FAILED = { status: "failed", text: "The agent could not complete the request" } as const;

/** A plain order to send something is carried out; anything else is answered in a sentence. */
function act(account: Account, job: Job): { status: "completed" | "failed"; text: string } {
  const [, amountText = "", symbol = "", to = ""] = SEND.exec(job.prompt) ?? [];
  const amount = parseAmount(amountText);
  const token = findToken(symbol, "base");
  if (amount === undefined || !token)
    return { status: "completed", text: "This is a stand-in for Bankr's agent." };
  if (!job.mayWrite)
    return { status: "completed", text: "This API key is read-only: I cannot send anything." };
  const sent = spend(account, job.walletId, { kind: "transfer", from: { chain: "base", token }, amount, to });
  if (isRefused(sent)) return { status: "failed", text: sent.error };
  return { status: "completed", text: `Sent ${amountText} ${token.symbol}. Transaction ${sent.hash}` };
}

/** A job as its owner sees it. */
export function viewJob(account: Account, job: Job): Record<string, unknown> {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const startedMs = job.createdMs + account.settings.jobMs * PENDING_SHARE;
  const hasStarted = account.nowMs >= startedMs;
  const { end, jobId, threadId, prompt } = job;
  const shared = { success: true, jobId, threadId, prompt, createdAt: iso(job.createdMs), richData: [] };
  const started = hasStarted ? { startedAt: iso(startedMs) } : {};
  const statusUpdates = hasStarted ? [{ message: "Working on it...", timestamp: iso(startedMs) }] : [];
  if (!end) {
    return {
      ...shared,
      ...started,
      statusUpdates,
      status: hasStarted ? "processing" : "pending",
      cancellable: true,
    };
  }
  const times =
    end.status === "cancelled"
      ? { cancelledAt: iso(end.atMs) }
      : { completedAt: iso(end.atMs), processingTime: end.atMs - job.createdMs };
  const said =
    end.status === "completed" ? { response: end.text } : end.status === "failed" ? { error: end.text } : {};
  return { ...shared, ...started, statusUpdates, status: end.status, ...times, ...said };
}
