import { APIError, NotFoundError } from "telnyx";
import { Value } from "typebox/value";
import { type ErrorCode, PlatformError } from "../../domain/errors.ts";
import { classifyFailure, retryAfterMs } from "../resources/network-failure.ts";
import { ErrorAnswer } from "./answers.ts";

/**
 * What Telnyx's error codes mean here; a code that is not listed is judged by its status. The texts may be told to
 * the agent. Source: provider document, "API error codes".
 */
const BY_CODE: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  10009: ["denied", "the provider does not accept the key"],
  10010: ["denied", "the key may not do this"],
  20002: ["denied", "the key was revoked"],
  10011: ["throttled", "too many requests"],
  10036: ["transient", "the resource is being processed"],
  10012: ["conflict", "there is one already"],
  10021: ["conflict", "the resource is in use"],
  10035: ["conflict", "the resource is locked"],
  85000: ["conflict", "the number was not in a recent search"],
  85001: ["conflict", "the number is not available"],
  85006: ["conflict", "the number is reserved already"],
  10038: ["exhausted", "the account's level does not allow this"],
  10039: ["exhausted", "the account's limit is reached"],
  20100: ["exhausted", "the account has insufficient funds"],
  85007: ["exhausted", "too many numbers are reserved"],
  40333: ["exhausted", "the daily spend limit of messaging is reached"],
  40318: ["throttled", "the queue of messages is full"],
  85005: ["invalid", "the messaging profile is not valid"],
  40001: ["invalid", "the recipient is a landline"],
  40002: ["invalid", "the message was taken for spam"],
  40003: ["invalid", "the message was taken for spam"],
  40015: ["invalid", "the message was taken for spam"],
  40010: ["invalid", "the number is not registered for application messages (10DLC)"],
  40300: ["invalid", "the recipient has sent STOP"],
  40305: ["invalid", "the sending number is not usable"],
  40309: ["invalid", "messages to this country are not allowed"],
  40310: ["invalid", "the recipient is not a phone number"],
  40312: ["invalid", "the messaging profile is disabled"],
  40320: ["throttled", "the sending number is not usable for the moment"],
  40331: ["invalid", "the messaging profile allows no destination"],
};

/** Whatever a call of the SDK failed with. No body is kept: it may hold people's words. */
export function classify(error: unknown): PlatformError {
  if (!(error instanceof APIError) || error.status === undefined) return classifyFailure(error);
  const { status, headers } = error;
  const code = codeOf(error.error);
  const known = code === undefined ? undefined : BY_CODE[code];
  const [meaning, text] = known ?? [byStatus(status, code !== undefined), undefined];
  const detail = [text, code === undefined ? `status ${status}` : `status ${status}, code ${code}`]
    .filter((part) => part !== undefined)
    .join("; ");
  return meaning === "throttled"
    ? new PlatformError(meaning, { detail, retryAfterMs: waitMs(headers) })
    : new PlatformError(meaning, { detail });
}

function codeOf(body: unknown): string | undefined {
  if (!Value.Check(ErrorAnswer, body)) return undefined;
  const code = String(body.errors[0]?.code);
  return /^\d{1,8}$/.test(code) ? code : undefined;
}

/** Whether the provider itself says that there is no such resource. A 404 of a proxy proves nothing. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof NotFoundError && codeOf(error.error) !== undefined;

function byStatus(status: number, isProvidersAnswer: boolean): ErrorCode {
  if (status === 401 || status === 403) return "denied";
  if (status === 402) return "exhausted";
  if (status === 429) return "throttled";
  if (!isProvidersAnswer || status === 408 || status >= 500) return "ambiguous";
  return status === 409 || status === 423 ? "conflict" : "invalid";
}

/** `Retry-After`, else the provider's own `x-ratelimit-reset`, both in seconds. */
function waitMs(headers: Headers | undefined): number {
  const seconds = headers?.get("retry-after") ?? headers?.get("x-ratelimit-reset");
  return retryAfterMs(new Headers(seconds ? { "retry-after": seconds } : {}));
}
