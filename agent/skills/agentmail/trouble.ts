import { AgentMailError } from "agentmail";
import { type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { ToolError } from "../kit/tool-error.ts";

/** What a failed request means. Only `unknown` and `repeated` may have had an effect. */
export type Trouble =
  | { kind: "absent" | "denied" | "exhausted" | "rejected" | "invalid" | "too-large" | "busy" }
  | { kind: "throttled"; retryAfterSeconds: number | undefined }
  /** A request with the same idempotency key has been made, or is being made. */
  | { kind: "repeated" }
  /** No answer, or none from the provider itself. */
  | { kind: "unknown" };

const Coded = Type.Object({ code: Type.String() });
/** The documents leave open which of these statuses goes with which code. Source: provider document "Errors". */
const BY_CODE: Readonly<Record<string, Trouble["kind"]>> = {
  limit_exceeded: "exhausted",
  message_rejected: "rejected",
  domain_not_verified: "rejected",
  resource_deleting: "busy",
  race_condition: "busy",
  service_unavailable: "busy",
};
const BY_STATUS: Readonly<Record<number, Trouble["kind"]>> = {
  400: "invalid",
  401: "denied",
  403: "denied",
  404: "absent",
  409: "repeated",
  413: "too-large",
  422: "invalid",
};

export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof AgentMailError) || error.statusCode === undefined) return { kind: "unknown" };
  if (error.statusCode === 429) {
    const seconds = Number.parseInt(error.rawResponse?.headers.get("retry-after") ?? "", 10);
    return { kind: "throttled", retryAfterSeconds: Number.isNaN(seconds) ? undefined : seconds };
  }
  const code = Value.Check(Coded, error.body) ? error.body.code : "";
  const kind = BY_CODE[code] ?? BY_STATUS[error.statusCode] ?? "unknown";
  return kind === "throttled" ? { kind, retryAfterSeconds: undefined } : { kind };
}

const SENTENCES: Readonly<Record<Exclude<Trouble["kind"], "throttled">, string>> = {
  absent: "The mailbox has nothing with that id.",
  denied: "The mail service refuses the mailbox's key; whoever runs this agent has to look into it.",
  exhausted: "The mail account has reached the limit of its plan; whoever runs this agent has to raise it.",
  rejected: "The mail service refuses to deliver this mail.",
  invalid: "The mail service says that something in it is not valid; check the addresses and the contents.",
  "too-large": "It is too large for a mail.",
  busy: "The mail service cannot do it at the moment; try again in a minute.",
  repeated: "It has been done already.",
  unknown: "The mail service does not answer; try again in a minute.",
};

/** The sentence for the model. Nothing that the provider wrote is in it. */
export function sentenceOf(trouble: Trouble): string {
  if (trouble.kind !== "throttled") return SENTENCES[trouble.kind];
  const seconds = trouble.retryAfterSeconds;
  return `The mail service is asked too often; try again in ${seconds === undefined ? "a minute" : `${seconds} seconds`}.`;
}

/** Looks something up. Throws ToolError when that fails, or when what comes lacks what `schema` names: the SDK lets it pass. */
export async function ask<T>(schema: TSchema, request: () => Promise<T>): Promise<T> {
  let answer: T;
  try {
    answer = await request();
  } catch (error) {
    throw new ToolError(sentenceOf(troubleOf(error)), { cause: error });
  }
  if (!Value.Check(schema, answer)) throw new ToolError(SENTENCES.unknown);
  return answer;
}
