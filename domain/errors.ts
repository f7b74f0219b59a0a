/**
 * The one catalogue of errors that leave a process: as RFC 9457 problem documents of the gateway, as Temporal
 * failure types, as exit texts of the command line. `title` is for callers; internal detail is logged, never sent.
 */
export interface ErrorEntry {
  status: number;
  /** Whether the same request may succeed later without a change by the caller. */
  retryable: boolean;
  title: string;
  /** What the caller can do about it. */
  hint: string;
}

const entry = (status: number, retryable: boolean, title: string, hint: string): ErrorEntry => ({
  status,
  retryable,
  title,
  hint,
});

export const ERRORS = {
  "invalid-request": entry(
    400,
    false,
    "The request is not valid",
    "Correct the field that `detail` names; /openapi.json has the schema.",
  ),
  "idempotency-key-required": entry(
    400,
    false,
    "An Idempotency-Key header is required",
    "Send a key of 1–128 printable characters, the same one when you repeat the request.",
  ),
  unauthorized: entry(
    401,
    false,
    "The bearer token is missing or wrong",
    "Send `Authorization: Bearer <api key>`; locally it is in .local/credentials.json.",
  ),
  forbidden: entry(
    403,
    false,
    "This key may not do that",
    "Use a key of the scope that /openapi.json names for the route.",
  ),
  "rate-limited": entry(429, true, "Too many requests", "Repeat after Retry-After."),
  "not-found": entry(404, false, "There is nothing under this id", "Check the id."),
  "route-not-found": entry(404, false, "There is no such route", "See /docs for the routes."),
  "invite-invalid": entry(
    422,
    false,
    "The invite cannot be read or its signature is wrong",
    "Ask for a new invite link and send it whole.",
  ),
  "invite-expired": entry(422, false, "The invite has expired", "Ask for a new invite link."),
  "invite-foreign-network": entry(
    422,
    false,
    "The invite is of another network than this platform's",
    "Use the platform of that network.",
  ),
  "invite-revoked": entry(422, false, "The invite was revoked", "Ask for a new invite link."),
  "conversation-full": entry(
    422,
    false,
    "The conversation is full",
    "Remove a member or use another conversation.",
  ),
  "conversation-locked": entry(422, false, "The conversation is locked", "Unlock it and make a new invite."),
  "not-the-inviter": entry(
    409,
    false,
    "The agent lets nobody into this conversation",
    "Ask one of its members for an invite link.",
  ),
  "join-refused": entry(422, false, "The inviter did not admit the agent", "Ask for a new invite link."),
  "idempotency-key-reused": entry(
    422,
    false,
    "The Idempotency-Key was used with another body",
    "Use a new key for a new request.",
  ),
  conflict: entry(409, false, "The present state does not allow this", "Read the resource and decide anew."),
  "instance-claimed": entry(409, false, "The instance is claimed", "Explode it instead."),
  gone: entry(410, false, "The instance has exploded", "Nothing; only its tombstone is left."),
  "payload-too-large": entry(413, false, "The body is too large", "The limit is 128 KiB."),
  "unsupported-media-type": entry(
    415,
    false,
    "The body is not JSON",
    "Send `Content-Type: application/json`.",
  ),
  "pool-empty": entry(
    503,
    true,
    "No agent is idle",
    "Repeat with the same key after Retry-After, or ask with `onEmpty: wait`.",
  ),
  "pool-paused": entry(
    503,
    true,
    "The pool is paused and no agent is idle",
    "An operator has to resume it; `GET /api/pool` says why.",
  ),
  "pool-unhealthy": entry(
    503,
    true,
    "Claims fail alike at present",
    "Repeat with the same key after Retry-After; `GET /api/pool` says what fails.",
  ),
  "queue-full": entry(
    503,
    true,
    "Too many claims are waiting",
    "Repeat with the same key after Retry-After.",
  ),
  "claim-failed": entry(503, true, "No agent could be made to serve the claim", "Repeat with a new key."),
  "claim-expired": entry(504, false, "The claim was not served in time", "Claim again."),
  cancelled: entry(409, false, "The claim was cancelled", "Claim again with a new key."),
  unavailable: entry(
    503,
    true,
    "A part of the platform does not answer",
    "Repeat with the same key after Retry-After; /readyz names the part.",
  ),
  internal: entry(
    500,
    true,
    "Something went wrong here",
    "Repeat with the same key; if it stays, look up `instance` in the log.",
  ),
  // Failures of activities, as Temporal failure types. They reach a caller only as one of the above.
  "instance-doomed": entry(
    409,
    false,
    "The instance is being exploded",
    "Nothing more may be created for it.",
  ),
  "agent-unreachable": entry(503, true, "The agent does not answer", "The claim takes another agent."),
  "agent-unproven": entry(503, false, "The agent did not prove itself", "The claim takes another agent."),
  "agent-refused": entry(409, false, "The agent refused", "The claim takes another agent."),
  throttled: entry(
    429,
    true,
    "The provider asks to slow down",
    "It is retried after the time the provider names.",
  ),
  transient: entry(503, true, "The provider failed without effect", "It is retried."),
  ambiguous: entry(
    503,
    true,
    "The provider failed and may have acted",
    "The next attempt looks before it acts.",
  ),
  denied: entry(
    403,
    false,
    "The provider refuses the credential",
    "An operator has to look at the provider's key.",
  ),
  exhausted: entry(402, false, "The provider account is out of credit", "An operator has to top it up."),
  invalid: entry(400, false, "The provider does not accept the request", "This is a defect; report it."),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text);

/** An error of the catalogue. `detail` may reach a caller: it names fields and ids, never values. */
export class PlatformError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: { detail?: string; retryAfterMs?: number } = {}) {
    super(ERRORS[code].title);
    this.name = "PlatformError";
    this.code = code;
    this.detail = options.detail;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** An RFC 9457 problem document. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  retryable: boolean;
  hint: string;
  detail?: string;
}

export function problemOf(error: PlatformError): Problem {
  const { status, retryable, title, hint } = ERRORS[error.code];
  const problem: Problem = {
    type: `urn:convos-agents:error:${error.code}`,
    title,
    status,
    code: error.code,
    retryable,
    hint,
  };
  return error.detail === undefined ? problem : { ...problem, detail: error.detail };
}
