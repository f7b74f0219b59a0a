import { PlatformError } from "../../domain/errors.ts";

/** Connection errors after which the provider cannot have seen the request. */
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

/** A request that got no answer. Only one that was provably never sent is without effect. */
export function classifyFailure(error: unknown): PlatformError {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  return code !== undefined && NEVER_SENT.has(code)
    ? new PlatformError("transient", { detail: "the provider cannot be reached" })
    : new PlatformError("ambiguous", { detail: "the request got no answer" });
}

/** An answer with an error status. Source: provider document, "Errors". The body is not kept: it may hold secrets. */
export function classifyStatus(response: Response): PlatformError {
  const detail = `status ${response.status}`;
  switch (response.status) {
    case 400:
    case 404:
    case 422:
      return new PlatformError("invalid", { detail });
    case 401:
    case 403:
      return new PlatformError("denied", { detail });
    case 402:
      return new PlatformError("exhausted", { detail });
    case 429:
      return new PlatformError("throttled", { detail, retryAfterMs: retryAfterMs(response.headers) });
    default:
      return new PlatformError("ambiguous", { detail });
  }
}

const DEFAULT_RETRY_AFTER_MS = 2_000;
const MAX_RETRY_AFTER_MS = 60_000;

function retryAfterMs(headers: Headers): number {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0
    ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS)
    : DEFAULT_RETRY_AFTER_MS;
}
