import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { PlatformError } from "../../domain/errors.ts";
import { retryAfterMs } from "../resources/network-failure.ts";

const ErrorBody = Type.Object({ error: Type.String() });
/** A limit that no waiting of an activity helps against: an organisation's wallets, a day's messages. */
const EXHAUSTED = /\blimit\b|quota/i;

/**
 * An answer with an error status. The provider's word for the error decides where a status means two things; it is
 * read and not kept, as a body may hold secrets. Source: provider document, "Errors".
 */
export function classifyStatus(response: Response, text: string): PlatformError {
  const detail = `status ${response.status}`;
  const word = errorOf(text)?.error ?? "";
  switch (response.status) {
    case 400:
      return new PlatformError(EXHAUSTED.test(word) ? "exhausted" : "invalid", { detail });
    case 404:
    case 422:
      return new PlatformError("invalid", { detail });
    case 401:
      return new PlatformError("denied", { detail });
    case 402:
      return new PlatformError("exhausted", { detail });
    case 403:
      return new PlatformError(EXHAUSTED.test(word) ? "exhausted" : "denied", { detail });
    case 409:
      return new PlatformError("conflict", { detail });
    case 429:
      return word === "Daily limit exceeded"
        ? new PlatformError("exhausted", { detail })
        : new PlatformError("throttled", { detail, retryAfterMs: retryAfterMs(response.headers) });
    default:
      return new PlatformError("ambiguous", { detail });
  }
}

function errorOf(text: string): Static<typeof ErrorBody> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return Value.Check(ErrorBody, body) ? body : undefined;
  } catch {
    // A page of a proxy: its status is all there is.
    return undefined;
  }
}
