import { Value } from "typebox/value";
import { AcceptedClaim, DeliveredClaim } from "../../api/schemas/claim.ts";
import { ProblemBody } from "../../api/schemas/problem.ts";
import type { Answer } from "./memory.ts";

/** What came back: an answer, a place in the queue, a problem, or nothing that could be understood. */
export type Reply =
  | { kind: "answered"; answer: Answer }
  | { kind: "accepted"; claimId: string }
  | { kind: "refused"; status: number; code: string; isFinal: boolean }
  | { kind: "done"; status: number; state: string | undefined }
  | { kind: "no-answer" };

export interface Target {
  readonly apiUrl: string;
  readonly apiKey: string;
}

/** Beyond anything that the gateway holds a request for. */
const TIMEOUT_MS = 60_000;
/** A refusal that may be met again with the same key, except for this one: it asks for a new key. */
const NEW_KEY_CODE = "claim-failed";

/** One request to the gateway, which may be killed in the middle of it. */
export async function send(
  { apiUrl, apiKey }: Target,
  method: "POST" | "DELETE",
  path: string,
  options: { key?: string; body?: object; hangUpMs?: number | undefined } = {},
): Promise<Reply> {
  const { key, body, hangUpMs } = options;
  try {
    const response = await fetch(apiUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body ? { "content-type": "application/json" } : {}),
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(hangUpMs ?? TIMEOUT_MS),
    });
    return understand(response.status, await response.json());
  } catch {
    // Refused, reset, cut in the middle of the answer or hung up: the caller knows nothing and asks again.
    return { kind: "no-answer" };
  }
}

export function understand(status: number, body: unknown): Reply {
  if (status >= 400) {
    const { code, retryable } = Value.Parse(ProblemBody, body);
    return { kind: "refused", status, code, isFinal: !retryable || code === NEW_KEY_CODE };
  }
  if (Value.Check(DeliveredClaim, body)) {
    const { claimId, instanceId } = body;
    const answer: Answer = { claimId, instanceId, status: body.status === "live" ? "live" : "pending" };
    return { kind: "answered", answer };
  }
  if (Value.Check(AcceptedClaim, body)) return { kind: "accepted", claimId: body.claimId };
  const state: unknown = Object(body).status;
  return { kind: "done", status, state: typeof state === "string" ? state : undefined };
}
