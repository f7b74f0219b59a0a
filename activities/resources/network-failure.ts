import { PlatformError } from "../../domain/errors.ts";

/** Connection errors after which the provider cannot have seen the request. */
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);
const MAX_CAUSES = 5;

/** A request that got no answer. Only one that was provably never sent is without effect. */
export function classifyFailure(error: unknown): PlatformError {
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth++, cause = cause.cause) {
    // What counts the requests refuses before anything is sent.
    if (cause instanceof PlatformError) return cause;
    if ("code" in cause && NEVER_SENT.has(String(cause.code)))
      return new PlatformError("transient", { detail: "the provider cannot be reached" });
  }
  return new PlatformError("ambiguous", { detail: "the request got no answer" });
}

const DEFAULT_RETRY_AFTER_MS = 2_000;
const MAX_RETRY_AFTER_MS = 60_000;

/** From `Retry-After` in seconds (RFC 9110), at most a minute; two seconds when it is absent or a date. */
export function retryAfterMs(headers: Headers): number {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0
    ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS)
    : DEFAULT_RETRY_AFTER_MS;
}
