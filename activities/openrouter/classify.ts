import { PlatformError } from "../../domain/errors.ts";
import { retryAfterMs } from "../resources/network-failure.ts";

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
