import type { ErrorCode } from "../../domain/errors.ts";
import { MAY_HAVE_ACTED, type Refusal } from "./refusals.ts";

/** Source: Telnyx, "API errors": `code` is a number as text. */
const refusal = (status: number, code: string, title: string, detail: string): Refusal => ({
  status,
  body: { errors: [{ code, title, detail }] },
});

export const FORBIDDEN = refusal(
  403,
  "10010",
  "Authorization failed",
  "Agents may send messages, read their own, and list their own number.",
);
export const FOREIGN = refusal(403, "10010", "Authorization failed", "It is not a message of this agent.");
export const NO_NUMBER = refusal(403, "10010", "Authorization failed", "This agent has no phone number.");
export const NOT_FOUND = refusal(404, "10005", "Resource not found", "There is nothing here.");
const FAULT = refusal(503, "10037", "Service unavailable", "The provider cannot be used now.");
/** With a word of our own that nothing was sent: after any other 503 an agent has to take it that something was. */
export const UNAVAILABLE: Refusal = {
  status: 503,
  body: {
    errors: [
      {
        code: "10037",
        title: "Service unavailable",
        detail: "The provider cannot be used now.",
        meta: { sent: false },
      },
    ],
  },
};

/** What goes wrong on the way to the provider, as it would say it. */
export function telnyxRefusal(code: ErrorCode): Refusal {
  switch (code) {
    case "unauthorized":
    case "not-found":
    case "gone":
      return refusal(401, "10009", "Authentication failed", "The agent's token is missing or wrong.");
    case "forbidden":
      return FORBIDDEN;
    case "rate-limited":
    case "throttled":
      return refusal(429, "10011", "Too many requests", "Wait for as long as Retry-After says.");
    case "payload-too-large":
      return refusal(413, "10015", "Bad Request", "The request is too large.");
    case "invalid-request":
    case "unsupported-media-type":
      return refusal(400, "10015", "Bad Request", "The request is not well-formed.");
    case "ambiguous":
      return refusal(504, "10037", "Service unavailable", `The provider did not answer. ${MAY_HAVE_ACTED}`);
    case "transient":
      return UNAVAILABLE;
    default:
      return FAULT;
  }
}
