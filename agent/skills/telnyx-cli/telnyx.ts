import Telnyx, { APIConnectionError, APIError } from "telnyx";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { cappedFetch } from "../../server/broker/capped-fetch.ts";
import { SMS_LIMITS } from "./limits.ts";
import { outcomeOf, type SmsOutcome } from "./sms-outcome.ts";
import type { OutgoingSms } from "./sms-policy.ts";

/** The way to Telnyx: the platform's broker, or the provider itself for an agent that stands alone. */
export interface SmsAccess {
  /** With `/v2` at its end. */
  baseUrl: string;
  token: string;
  /** The agent's own, in E.164. */
  number: string;
}

const clientOf = ({ baseUrl, token }: SmsAccess): Telnyx =>
  new Telnyx({
    apiKey: token,
    baseURL: baseUrl,
    // The provider knows no repetitions: a second attempt would be a second message.
    maxRetries: 0,
    timeout: SMS_LIMITS.requestTimeoutMs,
    logLevel: "off",
    fetch: cappedFetch(SMS_LIMITS.answerMaxBytes),
  });

/** Sends a message, once. Does not throw. */
export async function sendSms(access: SmsAccess, sms: OutgoingSms, signal: AbortSignal): Promise<SmsOutcome> {
  try {
    const body = { from: access.number, ...sms };
    return outcomeOf(200, await clientOf(access).messages.send(body, { signal }));
  } catch (error) {
    if (error instanceof APIConnectionError) return wasNeverSent(error) ? NOT_REACHED : { state: "unknown" };
    if (!(error instanceof APIError) || error.status === undefined) return { state: "unknown" };
    return outcomeOf(error.status, error.error, error.headers?.get("retry-after"));
  }
}

const NOT_REACHED: SmsOutcome = { state: "refused", code: "10037" };
const BEFORE_SENDING = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

function wasNeverSent(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if ("code" in at && BEFORE_SENDING.has(String(at.code))) return true;
  return false;
}

const Report = Type.Object({
  data: Type.Object({
    to: Type.Array(Type.Object({ status: Type.String() })),
    errors: Type.Optional(Type.Array(Type.Object({ code: Type.String({ maxLength: 20 }) }))),
  }),
});

/** What became of a message that was sent: undefined when the provider does not say. */
export async function lookUpSms(
  access: SmsAccess,
  providerId: string,
  signal: AbortSignal,
): Promise<{ state: "delivered" } | { state: "failed"; code?: string } | undefined> {
  try {
    const answer: unknown = await clientOf(access).messages.retrieve(providerId, { signal });
    if (!Value.Check(Report, answer)) return undefined;
    const status = answer.data.to[0]?.status;
    if (status === "delivered") return { state: "delivered" };
    if (status !== "delivery_failed" && status !== "sending_failed") return undefined;
    const code = answer.data.errors?.[0]?.code;
    return { state: "failed", ...(code !== undefined && { code }) };
  } catch (error) {
    // It is asked for only to say more of what is in the log anyway.
    if (error instanceof APIError) return undefined;
    throw error;
  }
}

/** Whether the agent's number is there, for free. Throws what the SDK throws. */
export async function hasNumber(access: SmsAccess, signal: AbortSignal): Promise<boolean> {
  const query = { filter: { phone_number: access.number.replace(/\D/g, "") } };
  const page = await clientOf(access).phoneNumbers.list(query, { signal });
  return page.data?.some(({ phone_number: number }) => number === access.number) ?? false;
}
