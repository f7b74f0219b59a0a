/**
 * busy    rate limit, overload, time-out: trying again later helps
 * credit  the account behind the model is out of money
 * failed  any other error of the machinery
 */
export type OutageKind = "busy" | "credit" | "failed";

/** Longer than any error line of openclaw or a provider; a text beyond it is an answer that speaks of errors. */
const ERROR_MAX_CHARS = 800;

/** How error texts begin. An answer about rate limits or billing does not begin like this. */
const OPENING =
  /^(?:[\s"'`*_(❌🚨]|⚠\uFE0F?)*(error\b\s*[:(\d]|api\b.{0,40}\b(error|rate limit|overload|billing|credit|quota)|http\s*(error|status)?\s*[45]\d\d\b|[45]\d\d\b[\s:]|llm (request|error)|model (request|provider|call) (failed|error|timed)|request (failed|timed out|was aborted)|rate limit|too many requests|the (ai|model) (service|provider) (is|returned)|context overflow|agent failed|insufficient (credits?|quota|funds|balance)|payment required|billing|all models failed|no api key|provider returned|this request requires more credits|key limit exceeded|something went wrong while|overloaded|quota exceeded)/iu;
const WARNING_SIGN = /^\s*(⚠\uFE0F?|❌|🚨)/u;
const ERROR_JSON = /^\s*[{[].{0,40}"(error|type"\s*:\s*"error)/s;
const STACK = /\n\s+at .+:\d+:\d+\)?/;

const RATE_LIMIT = /rate.?limit|too many requests|\b429\b/i;
const CREDIT =
  /\b402\b|payment required|(insufficient|more|out of|enough) (credits?|funds|quota|balance)|can only afford|(key|credit|spend\w*) limit|limit exceeded|quota exceeded|billing|\b403\b.*limit/i;
const OVERLOAD = /overload|\b(50[0-4]|529)\b|unavailable|timed? ?out|at capacity/i;

/**
 * Says whether a text that came as the model's answer is really an error of the machinery, and which kind.
 * Rate limits are looked for before money, because "rate limit exceeded" also reads as "limit exceeded".
 */
export function classifyErrorText(text: string): OutageKind | undefined {
  if (text.length > ERROR_MAX_CHARS) return undefined;
  const kind = RATE_LIMIT.test(text)
    ? "busy"
    : CREDIT.test(text)
      ? "credit"
      : OVERLOAD.test(text)
        ? "busy"
        : undefined;
  const looksLikeError = OPENING.test(text) || ERROR_JSON.test(text) || STACK.test(text);
  if (looksLikeError) return kind ?? "failed";
  return WARNING_SIGN.test(text) ? kind : undefined;
}
