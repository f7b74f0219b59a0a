import { formatIsoSeconds, parseIsoDate } from "../time.ts";
import { type ConvosCodec, defineCodec } from "./codec.ts";
import { jsonBytes, parseJsonObject, stringOrUndefined } from "./json.ts";

/** `convos.org/invite_join_handled:1.0`: the inviter's mark for its own installations. Joiners ignore it. */
export interface InviteJoinHandled {
  readonly inviteTag: string;
  /** The XMTP message id of the honoured request. */
  readonly handledMessageId: string;
  readonly timestamp: Date;
}

export const inviteJoinHandledCodec: ConvosCodec<InviteJoinHandled> = defineCodec({
  typeId: "invite_join_handled",
  push: false,
  toBytes: ({ inviteTag, handledMessageId, timestamp }) =>
    jsonBytes({ inviteTag, handledMessageId, timestamp: formatIsoSeconds(timestamp) }),
  fromBytes(bytes) {
    const json = parseJsonObject(bytes);
    const timestamp = parseIsoDate(stringOrUndefined(json?.timestamp) ?? "");
    if (typeof json?.inviteTag !== "string" || typeof json.handledMessageId !== "string" || !timestamp) {
      return undefined;
    }
    return { inviteTag: json.inviteTag, handledMessageId: json.handledMessageId, timestamp };
  },
});
