import { randomBytes } from "node:crypto";
import Type from "typebox";
import { Value } from "typebox/value";
import { json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import type { Authorizer } from "./authorize.ts";
import { badRequest, errorReply } from "./errors.ts";
import { viewJob } from "./jobs.ts";
import { problem } from "./partner-routes.ts";
import type { Job } from "./records.ts";

const DAY_MS = 24 * 3_600_000;
const MAX_PROMPT_CHARS = 10_000;

const PromptSchema = Type.Object({
  prompt: Type.String({ minLength: 1 }),
  threadId: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
});

/** Misbehaviour of the agent that only this provider has. */
export const JOB_FAULTS = ["jobFails", "jobNeverEnds"] as const;

/** `/agent/…`: prompts become jobs. A prompt has no idempotency key: each one is a job of its own. */
export function agentRoutes(account: Account, authorizer: Authorizer): Route[] {
  const ofJob = (handle: (job: Job) => Reply) => (request: DoubleRequest) => {
    const allowed = authorizer.wallet(request, "agentApiEnabled");
    if ("refusal" in allowed) return allowed.refusal;
    const job = account.jobs.get(request.params.job ?? "");
    return job?.walletId === allowed.caller.wallet.id ? handle(job) : errorReply(404, "Job not found");
  };
  return [
    {
      method: "POST",
      path: "/agent/prompt",
      handle(request) {
        const allowed = authorizer.wallet(request, "agentApiEnabled");
        if ("refusal" in allowed) return allowed.refusal;
        const { body, providerFault } = request;
        if (!Value.Check(PromptSchema, body)) return badRequest(problem(PromptSchema, body));
        if (body.prompt.length > MAX_PROMPT_CHARS) return errorReply(400, "Prompt too long");
        const { key, wallet } = allowed.caller;
        const exhausted = refuseForQuota(account, wallet.id);
        if (exhausted) return exhausted;
        const { jobId, threadId } = account.createJob({
          threadId: body.threadId ?? `thr_${randomBytes(6).toString("hex")}`,
          walletId: wallet.id,
          prompt: body.prompt,
          mayWrite: !key.permissions.readOnly,
          fate:
            providerFault === "jobFails" ? "fails" : providerFault === "jobNeverEnds" ? "never-ends" : "ends",
        });
        const message = "Job submitted successfully";
        return json(202, { success: true, jobId, threadId, status: "pending", message });
      },
    },
    {
      method: "GET",
      path: "/agent/job/:job",
      handle: ofJob((job) => json(200, viewJob(account, job))),
    },
    {
      method: "POST",
      path: "/agent/job/:job/cancel",
      handle: ofJob((job) => {
        const ended = job.end?.status;
        if (ended === "completed" || ended === "failed") return errorReply(400, `Job already ${ended}`);
        const end = job.end ?? { status: "cancelled" as const, atMs: account.nowMs, text: "" };
        const cancelled = { ...job, end };
        account.jobs.put(job.jobId, cancelled);
        return json(200, viewJob(account, cancelled));
      }),
    },
  ];
}

/** The quota of messages in 24 hours, which belongs to the wallet and not to a key. */
function refuseForQuota(account: Account, walletId: string): Reply | undefined {
  const limit = account.settings.promptsPerDay;
  const recent = account.jobs
    .values()
    .filter((job) => job.walletId === walletId && account.nowMs - job.createdMs < DAY_MS);
  if (recent.length < limit) return undefined;
  const resetAt = (recent[0]?.createdMs ?? account.nowMs) + DAY_MS;
  const message = `You have reached your daily API limit of ${limit} messages.`;
  return errorReply(429, "Daily limit exceeded", message, { resetAt, limit, used: recent.length });
}
