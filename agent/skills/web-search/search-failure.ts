import { APICallError } from "ai";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { AnswerTooLargeError } from "../../server/broker/capped-fetch.ts";
import { isRefusalForMoney } from "../../server/model-proxy/breaker.ts";
import { OutOfCreditError } from "../kit/out-of-credit.ts";
import { ToolError } from "../kit/tool-error.ts";

const REASONS = {
  "broken-off": "The search broke off in the middle of its answer. Trying once more may help.",
  empty: "The search found nothing to answer. Ask it in other words.",
  "too-large": "What the search answered is too large to read. Ask something narrower.",
  "not-taken":
    "The search service does not take this question. Ask it in other words, without sites or recency.",
  denied: "The search service does not accept the agent's key. Whoever runs the agent has to look at it.",
  throttled: "The search service is asked too often. Wait a little before searching again.",
  unavailable: "The search service does not answer at present. Trying once more may help.",
} as const;

/** Why a question got no answer, in words for the model. */
export const searchRefusal = (reason: keyof typeof REASONS, afterS?: number): ToolError =>
  new ToolError(afterS === undefined ? REASONS[reason] : `${REASONS[reason]} It asks for ${afterS} seconds.`);

/** OpenRouter's error, as the body of a refusal or inside of a 200. */
const ErrorFacts = Type.Object({ code: Type.Number(), message: Type.String() });
const ErrorBody = Type.Object({ error: ErrorFacts });

/** What a thrown error means. The error itself holds the question, so it is not kept as a cause. */
export function searchFailure(error: unknown): ToolError {
  if (error instanceof AnswerTooLargeError) return searchRefusal("too-large");
  if (!APICallError.isInstance(error)) return searchRefusal("unavailable");
  if (error.cause instanceof AnswerTooLargeError) return searchRefusal("too-large");
  const facts = factsOf(error.data);
  const status = facts?.code ?? error.statusCode ?? 0;
  if (isRefusalForMoney(status, facts?.message ?? error.responseBody ?? "")) return new OutOfCreditError();
  if (status === 401 || status === 403) return searchRefusal("denied");
  if (status === 429) return searchRefusal("throttled", secondsOf(error.responseHeaders?.["retry-after"]));
  if (status === 408 || status >= 500 || status < 400) return searchRefusal("unavailable");
  return searchRefusal("not-taken");
}

function factsOf(data: unknown): { code: number; message: string } | undefined {
  if (Value.Check(ErrorBody, data)) return data.error;
  return Value.Check(ErrorFacts, data) ? data : undefined;
}

const secondsOf = (header: string | undefined): number | undefined =>
  header !== undefined && /^\d{1,4}$/.test(header) ? Number(header) : undefined;
