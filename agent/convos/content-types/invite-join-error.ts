import { formatIsoSeconds, parseIsoDate } from "../time.ts";
import { type ConvosCodec, defineCodec } from "./codec.ts";
import { jsonBytes, parseJsonObject, stringOrUndefined } from "./json.ts";

const JOIN_ERROR_TYPES = [
  "conversation_expired",
  "conversation_not_found",
  "consent_not_allowed",
  "generic_failure",
] as const;
export type JoinErrorType = (typeof JOIN_ERROR_TYPES)[number];

/** `convos.org/invite_join_error:1.0`, inviter to joiner, in their DM. */
export interface InviteJoinError {
  readonly errorType: JoinErrorType;
  readonly inviteTag: string;
  readonly timestamp: Date;
  /** For diagnostics only; cut to 500 characters. */
  readonly reason?: string | undefined;
}

const MAX_REASON_CHARS = 500;

export const inviteJoinErrorCodec: ConvosCodec<InviteJoinError> = defineCodec({
  typeId: "invite_join_error",
  push: true,
  fallback: ({ errorType }) =>
    errorType === "generic_failure"
      ? "Failed to join conversation"
      : "This conversation is no longer available",
  toBytes: ({ errorType, inviteTag, timestamp, reason }) =>
    jsonBytes({
      errorType,
      inviteTag,
      timestamp: formatIsoSeconds(timestamp),
      reason: reason?.slice(0, MAX_REASON_CHARS),
    }),
  fromBytes(bytes) {
    const json = parseJsonObject(bytes);
    const timestamp = parseIsoDate(stringOrUndefined(json?.timestamp) ?? "");
    if (typeof json?.errorType !== "string" || typeof json.inviteTag !== "string" || !timestamp)
      return undefined;
    const reason = stringOrUndefined(json.reason)?.slice(0, MAX_REASON_CHARS);
    return {
      errorType: parseErrorType(json.errorType),
      inviteTag: json.inviteTag,
      timestamp,
      ...(reason === undefined ? {} : { reason }),
    };
  },
});

/** Newer clients may know more types: whatever we do not know means that this invite leads nowhere. */
const parseErrorType = (text: string): JoinErrorType =>
  JOIN_ERROR_TYPES.find((type) => type === text) ?? "conversation_expired";
