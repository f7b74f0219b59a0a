import { type Static, type TSchema, Type } from "typebox";
import { Value } from "typebox/value";

/** What the client prints, as far as tests look at it; more may be there. */

const Invite = Type.Object({ slug: Type.String(), url: Type.String(), tag: Type.String() });
const ContentTypeId = Type.Object({ authorityId: Type.String(), typeId: Type.String() });

export const Created = Type.Object({ conversationId: Type.String(), inboxId: Type.String(), invite: Invite });
export const InviteMade = Invite;
export const Joined = Type.Object({
  status: Type.Enum(["joined", "timeout", "request_sent"]),
  conversationId: Type.Optional(Type.String()),
  inboxId: Type.String(),
  tag: Type.String(),
});
export const Processed = Type.Object({
  processed: Type.Number(),
  results: Type.Array(
    Type.Object({
      conversationId: Type.String(),
      joinerInboxId: Type.String(),
      profile: Type.Optional(Type.Record(Type.String(), Type.String())),
    }),
  ),
});
export const Rooms = Type.Array(
  Type.Object({
    conversationId: Type.String(),
    name: Type.String(),
    memberCount: Type.Number(),
    isActive: Type.Boolean(),
    isLocked: Type.Boolean(),
  }),
);
export const Messages = Type.Array(
  Type.Object({
    id: Type.String(),
    senderInboxId: Type.String(),
    contentType: ContentTypeId,
    content: Type.String(),
  }),
);
export const Changed = Type.Object({ success: Type.Literal(true), conversationId: Type.String() });
export const Profiles = Type.Object({
  profiles: Type.Array(
    Type.Object({
      inboxId: Type.String(),
      name: Type.Union([Type.String(), Type.Null()]),
      image: Type.Union([Type.String(), Type.Null()]),
      memberKind: Type.Optional(Type.Number()),
      metadata: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
  ),
});
export const Permissions = Type.Object({
  policySet: Type.Object({ addMemberPolicy: Type.Number() }),
  superAdmins: Type.Array(Type.String()),
});
export const Exploded = Type.Object({ success: Type.Literal(true), expiresAt: Type.String() });
export const ExplodeStatus = Type.Object({
  isActive: Type.Boolean(),
  appData: Type.Object({ expiresAtUnix: Type.Union([Type.Number(), Type.Null()]) }),
  mostRecentExplodeSettings: Type.Union([
    Type.Object({ senderInboxId: Type.String(), expiresAt: Type.String() }),
    Type.Null(),
  ]),
  expired: Type.Boolean(),
});
export const SavedFile = Type.Object({ outputPath: Type.String(), size: Type.Number() });

export const Inspected = Type.Object({
  tag: Type.String(),
  creatorInboxId: Type.String(),
  signatureValid: Type.Boolean(),
  conversationTokenBytes: Type.Number(),
});
export const Attested = Type.Object({ verified: Type.Boolean() });
export const ReadTimes = Type.Object({ readTimes: Type.Record(Type.String(), Type.Unknown()) });

/** Checks what the client printed. Throws with what is wrong about it. */
export function expectAnswer<T extends TSchema>(schema: T, answer: unknown): Static<T> {
  if (Value.Check(schema, answer)) return answer;
  const [first] = Value.Errors(schema, answer);
  throw new Error(`the client's answer is another one: ${first?.instancePath} ${first?.message}`);
}
