import { json, type Reply } from "../base/reply.ts";
import type { DoubleRequest } from "../base/router.ts";
import { type Account, hashOf } from "./account.ts";
import { conflict, validationError } from "./errors.ts";

/** Answers as if the first request with the same Idempotency-Key were still running. */
export const IDEMPOTENCY_FAULTS = ["idempotencyInProgress"] as const;

const KEPT_MS = 24 * 3_600_000;

/**
 * Runs a request once per Idempotency-Key: the same request again brings the first answer, another one under the same
 * key a conflict. A key belongs to the organisation and is kept for a day; only a success uses it up.
 */
export function once(account: Account, request: DoubleRequest, run: () => Reply): Reply {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return run();
  if (typeof key !== "string" || key.trim() === "") {
    return validationError("Idempotency-Key", "must not be empty");
  }
  if (request.providerFault === "idempotencyInProgress") {
    return conflict("A request with this idempotency key is in progress");
  }
  const fingerprint = hashOf(`${request.method} ${request.path}\n${request.rawBody.toString("base64")}`);
  const nowMs = account.clock.nowMs();
  const earlier = account.replays.get(key);
  if (earlier && earlier.expiresAtMs > nowMs) {
    return earlier.fingerprint === fingerprint
      ? json(200, earlier.answer)
      : conflict("The idempotency key was used with another request");
  }
  const reply = run();
  if (reply.kind === "json" && reply.status === 200) {
    account.replays.put(key, { fingerprint, answer: reply.body, expiresAtMs: nowMs + KEPT_MS });
  }
  return reply;
}
