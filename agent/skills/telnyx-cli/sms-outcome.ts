import { Type } from "typebox";
import { Value } from "typebox/value";

/** What became of one request to send. `refused` says that nothing was sent, `unknown` that it may have been. */
export type SmsOutcome =
  | { state: "sent"; providerId: string }
  | { state: "refused"; code: string | undefined; retryAfterS?: number }
  | { state: "unknown" };

const Sent = Type.Object({ data: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }) });
/** Source: Telnyx, "API errors". `meta.sent` is the platform's: it had not passed the message on yet. */
const Refusal = Type.Object({
  errors: Type.Array(
    Type.Object({
      code: Type.String({ maxLength: 20 }),
      meta: Type.Optional(Type.Object({ sent: Type.Optional(Type.Boolean()) })),
    }),
    { minItems: 1 },
  ),
});

/** By the answer's status and its parsed body. */
export function outcomeOf(status: number, body: unknown, retryAfter?: string | null): SmsOutcome {
  if (status >= 200 && status < 300)
    return Value.Check(Sent, body) ? { state: "sent", providerId: body.data.id } : { state: "unknown" };
  const first = Value.Check(Refusal, body) ? body.errors[0] : undefined;
  const isRefused = (status >= 400 && status < 500 && status !== 408) || first?.meta?.sent === false;
  if (!isRefused) return { state: "unknown" };
  const retryAfterS = /^\d{1,5}$/.test(retryAfter ?? "") ? Number(retryAfter) : undefined;
  const code = first?.code ?? (status === 429 ? "10011" : undefined);
  return { state: "refused", code, ...(retryAfterS !== undefined && { retryAfterS }) };
}
