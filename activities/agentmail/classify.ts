import { type ErrorCode, PlatformError } from "../../domain/errors.ts";
import { retryAfterMs } from "../resources/network-failure.ts";

/** What was seen of an answer: enough to classify it, nothing of its content. */
export interface SeenAnswer {
  status: number;
  headers: Headers;
  /** The provider's `code`, which its documents say to branch on; undefined when the body has none. */
  code: string | undefined;
}

/**
 * The one place where an answer of AgentMail with an error status is classified. Source: provider document, "Errors".
 * A 404 is an error only where the call does not take absence for an answer.
 */
export function classifyAnswer({ status, headers, code }: SeenAnswer): PlatformError {
  const detail = code === undefined ? `status ${status}` : `status ${status} ${code}`;
  switch (status) {
    case 400:
    case 404:
    case 405:
    case 413:
    case 422:
      return new PlatformError("invalid", { detail });
    case 401:
      return new PlatformError("denied", { detail });
    case 402:
      return new PlatformError("exhausted", { detail });
    case 403:
      return new PlatformError(FORBIDDEN.get(code ?? "") ?? "denied", { detail });
    case 409:
      return new PlatformError(PASSING.has(code ?? "") ? "transient" : "conflict", { detail });
    case 429:
      return new PlatformError("throttled", { detail, retryAfterMs: retryAfterMs(headers) });
    default:
      // A 500 or 503 comes after an effect too, and a page of a proxy says nothing about it.
      return new PlatformError("ambiguous", { detail });
  }
}

/** The reasons of a 403 that are not about the credential. */
const FORBIDDEN = new Map<string, ErrorCode>([
  ["resource_taken", "conflict"],
  ["limit_exceeded", "exhausted"],
  ["domain_not_verified", "invalid"],
  ["message_rejected", "invalid"],
]);

/** The reasons of a 409 that end by themselves. */
const PASSING = new Set(["resource_deleting", "race_condition"]);
