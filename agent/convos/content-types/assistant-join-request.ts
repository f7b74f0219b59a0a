import { type ConvosCodec, defineCodec } from "./codec.ts";
import { jsonBytes, parseJsonObject } from "./json.ts";

const STATUSES = ["pending", "no_agents_available", "failed"] as const;
export type AssistantJoinStatus = (typeof STATUSES)[number];

/**
 * `convos.org/assistant_join_request:1.0`: a member's app has asked for an agent to join the group, and how that goes.
 * Clients show it as a passing status. Apps send it, agents only read it.
 */
export interface AssistantJoinRequest {
  readonly status: AssistantJoinStatus;
  readonly requestedByInboxId: string;
  /** The same in every message about one request. */
  readonly requestId: string;
}

export const assistantJoinRequestCodec: ConvosCodec<AssistantJoinRequest> = defineCodec<AssistantJoinRequest>(
  {
    typeId: "assistant_join_request",
    push: false,
    fallback: () => "Agent join requested",
    toBytes: ({ status, requestedByInboxId, requestId }) =>
      jsonBytes({ status, requestedByInboxId, requestId }),
    fromBytes(bytes) {
      const json = parseJsonObject(bytes);
      const status = STATUSES.find((known) => known === json?.status);
      if (status === undefined || typeof json?.requestedByInboxId !== "string") return undefined;
      if (typeof json.requestId !== "string") return undefined;
      return { status, requestedByInboxId: json.requestedByInboxId, requestId: json.requestId };
    },
  },
);
