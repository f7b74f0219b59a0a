import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Static } from "typebox";
import { renderUnicodeCompact } from "uqr";
import { LIMITS } from "../domain/limits.ts";
import { type ApiClient, ApiProblem } from "./api-client.ts";
import { ClaimAnswer } from "./api-types.ts";
import { type Command, type Context, EXIT, type ExitCode, UsageError } from "./command.ts";
import { openApi } from "./open-api.ts";
import { COMMON_USAGE, integer, parseOptions } from "./options.ts";

const PATIENCE_MS = 15 * 60_000;
/** On top of what the gateway holds the answer. */
const NETWORK_MARGIN_MS = 15_000;
const RETRY_MS = 1_000;

const OPTIONS = {
  instructions: { type: "string" },
  name: { type: "string" },
  join: { type: "string" },
  "on-empty": { type: "string" },
  "wait-ms": { type: "string" },
  key: { type: "string" },
} as const;

type Answer = Static<typeof ClaimAnswer>;

export const claim: Command = {
  summary: "claim an agent and show its invite",
  usage: `usage: claim --instructions TEXT [options]

  --instructions T  what the agent is for (at most ${LIMITS.instructionsMaxChars} characters)
  --name NAME       name of the agent and its conversation (at most ${LIMITS.nameMaxChars})
  --join INVITE     join this conversation instead of opening one
  --on-empty WHAT   when no agent is idle: wait (default) or reject
  --wait-ms N       ask once and wait N ms (at most ${LIMITS.waitMaxMs}); without it, wait until the agent is there
  --key KEY         Idempotency-Key; the same one gets the same agent again (default: a new one)
${COMMON_USAGE}`,
  run,
};

async function run(context: Context): Promise<ExitCode> {
  const { values } = parseOptions(context.args, OPTIONS, 0);
  const { instructions, name, join: joinUrl, "on-empty": onEmpty, key = randomUUID() } = values;
  if (instructions === undefined || instructions.trim() === "")
    throw new UsageError("--instructions is missing");
  if (onEmpty !== undefined && onEmpty !== "wait" && onEmpty !== "reject") {
    throw new UsageError("--on-empty takes wait or reject");
  }
  const waitMs = integer("--wait-ms", values["wait-ms"], 0, LIMITS.waitMaxMs);
  const body = {
    instructions,
    ...(name === undefined ? {} : { name }),
    ...(joinUrl === undefined ? {} : { joinUrl }),
    ...(onEmpty === undefined ? {} : { onEmpty }),
    waitMs: waitMs ?? LIMITS.waitDefaultMs,
  };
  const api = await openApi(context, values.state);
  const answer = await ask(context, api, key, body, waitMs === undefined);
  context.output.tell({ event: "claim", key, ...answer }, describe(answer, key));
  return EXIT.ok;
}

/** Asks until the agent is there; a repetition with the same key is the same claim. */
async function ask(
  { output, signal }: Context,
  api: ApiClient,
  key: string,
  body: { onEmpty?: string; waitMs: number },
  isPatient: boolean,
): Promise<Answer> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const mayRepeat = isPatient && Date.now() < deadline;
    try {
      const answer = await api.call(ClaimAnswer, "/api/pool/claim", {
        method: "POST",
        body,
        headers: { "idempotency-key": key },
        timeoutMs: body.waitMs + NETWORK_MARGIN_MS,
        signal,
      });
      if (answer.instanceId !== undefined || !mayRepeat) return answer;
      output.note(
        `Claim ${answer.claimId} waits for an agent. Ctrl-C stops waiting; --key ${key} takes it up again.`,
      );
    } catch (error) {
      const isTransient = error instanceof ApiProblem && error.problem.code === "unavailable";
      if (!isTransient || !mayRepeat) throw error;
      output.note(`${error.message}; asking again.`);
      await delay(Math.max(error.retryAfterMs, RETRY_MS), undefined, { signal });
    }
  }
}

function describe(answer: Answer, key: string): string {
  const { claimId, instanceId, agentName, inviteUrl, status } = answer;
  if (instanceId === undefined) {
    return `Claim ${claimId} is ${status}: no agent is there yet.\nAsk again with the same words and --key ${key}`;
  }
  if (inviteUrl) {
    return `${renderUnicodeCompact(inviteUrl)}
${agentName} is there: scan the code with the Convos app, or open
  ${inviteUrl}

Talk from this terminal:  npm run chat -- '${inviteUrl}'
End it:                   npm run explode -- ${instanceId}`;
  }
  const state = status === "pending" ? "has asked to be admitted to" : "has joined";
  return `${agentName} ${state} the conversation.\n\nEnd it:  npm run explode -- ${instanceId}`;
}
