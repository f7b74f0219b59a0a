import { PlatformError } from "../../../domain/errors.ts";
import { classifyFailure, retryAfterMs } from "../../resources/network-failure.ts";

/** The HTTP status of an answer that dockerode threw; undefined when there was no answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
}

/**
 * The one place where the daemon's failures are classified. A read that failed had no effect; a write that failed may
 * have had one. The daemon's own words are left out, because they may quote what it was sent.
 */
export function classify(error: unknown, what: string, isRead: boolean): PlatformError {
  if (error instanceof PlatformError) return error;
  const status = statusOf(error);
  if (status === undefined) return classifyNoAnswer(error, isRead);
  const detail = `the container daemon answered ${status} to ${what}`;
  if (status === 401 || status === 403) return new PlatformError("denied", { detail });
  if (status === 429)
    return new PlatformError("throttled", { detail, retryAfterMs: retryAfterMs(new Headers()) });
  // What a write needs is gone, or something else holds it: the next attempt looks again.
  if (status === 404 || status === 409) return new PlatformError("transient", { detail });
  if (status >= 400 && status < 500) return new PlatformError("invalid", { detail });
  return new PlatformError(isRead ? "transient" : "ambiguous", { detail });
}

function classifyNoAnswer(error: unknown, isRead: boolean): PlatformError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT")
    return new PlatformError("transient", { detail: "the container daemon's socket is not there" });
  if (code === "EACCES" || code === "EPERM")
    return new PlatformError("denied", { detail: "the container daemon's socket is not ours to open" });
  const failure = classifyFailure(error);
  return isRead && failure.code === "ambiguous"
    ? new PlatformError("transient", { detail: "the container daemon gave no answer" })
    : failure;
}

const PULL_FAILURES = [
  [/toomanyrequests|rate limit/i, "throttled"],
  [/unauthorized|denied|authentication required/i, "denied"],
  [/manifest unknown|not found|does not exist|no matching manifest/i, "invalid"],
] as const;

/** What a pull says after it was answered with 200. */
export function classifyPullError(text: string): PlatformError {
  const code = PULL_FAILURES.find(([pattern]) => pattern.test(text))?.[1] ?? "transient";
  return new PlatformError(code, { detail: "the agent's image cannot be pulled" });
}
