import { type Static, Type } from "typebox";
import { LIMITS } from "../../domain/limits.ts";
import { ERROR_CODES } from "../problems.ts";
import { Nullable, strict, Time, VISIBLE } from "./common.ts";

export const ClaimParams = Type.Object({ id: Type.String({ pattern: "^[a-z0-9]{20}$" }) }, strict);

export const ClaimHeaders = Type.Object({
  "idempotency-key": Type.String({
    pattern: "^[\\x20-\\x7e]+$",
    minLength: 1,
    maxLength: LIMITS.idempotencyKeyMaxChars,
    description: "The same for each repetition of one request; it is free again when the claim has ended.",
  }),
});

export const ClaimBody = Type.Object(
  {
    instructions: Type.String({
      minLength: 1,
      maxLength: LIMITS.instructionsMaxChars,
      pattern: "\\S",
      description: "What the agent is for, in its owner's words.",
    }),
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LIMITS.nameMaxChars,
        pattern: VISIBLE,
        description: "Name of the agent and its conversation.",
      }),
    ),
    joinUrl: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LIMITS.joinUrlMaxChars,
        description: "An invite to join, as a link or a bare slug; without it a new conversation is opened.",
      }),
    ),
    profileImage: Type.Optional(
      Type.String({
        maxLength: LIMITS.profileImageMaxChars,
        pattern: "^https://[^\\s]+$",
        description:
          "A public https link to a PNG, JPEG, GIF or WebP picture of at most 10 MiB: the preview of the invite and, sealed for the members, the agent's picture.",
      }),
    ),
    metadata: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[A-Za-z0-9_.-]{1,64}$" }),
        Type.String({ maxLength: LIMITS.metadataValueMaxChars }),
        { ...strict, maxProperties: LIMITS.metadataMaxEntries, description: "Shown in the agent's profile." },
      ),
    ),
    onEmpty: Type.Optional(
      Type.String({ enum: ["wait", "reject"], description: "When no agent is idle; default `wait`." }),
    ),
    waitMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: LIMITS.waitMaxMs,
        description: `How long the answer is held, in ms; default ${LIMITS.waitDefaultMs}.`,
      }),
    ),
  },
  strict,
);
export type ClaimBody = Static<typeof ClaimBody>;

const delivered = {
  claimId: Type.String(),
  instanceId: Type.String(),
  agentName: Type.String(),
  conversationId: Nullable("Null until the agent is admitted to the conversation it was invited to."),
  inviteUrl: Nullable("Lets its reader into the conversation; null when the agent joined one."),
  joined: Type.Boolean({ description: "Whether the agent joined by `joinUrl`." }),
};

export const DeliveredClaim = Type.Object(
  {
    ...delivered,
    status: Type.String({ enum: ["live", "pending"], description: "`pending`: asked to be admitted." }),
  },
  strict,
);
export type DeliveredClaim = Static<typeof DeliveredClaim>;

export const AcceptedClaim = Type.Object(
  { claimId: Type.String(), status: Type.String({ enum: ["waiting", "bound"] }) },
  strict,
);

export const FreshInvite = Type.Object(
  {
    inviteUrl: Type.String({ description: "Lets its reader into the conversation until somebody locks it." }),
  },
  strict,
);

export const ClaimStatus = Type.Object(
  {
    ...Type.Partial(Type.Object(delivered)).properties,
    claimId: Type.String(),
    status: Type.String({ enum: ["waiting", "bound", "pending", "live", "failed", "cancelled", "ended"] }),
    attempt: Type.Integer({ description: "How many agents were bound to it so far." }),
    failure: Type.Optional(Type.String({ enum: ERROR_CODES, description: "Why it failed." })),
    createdAt: Time("When it was taken in."),
  },
  strict,
);
export type ClaimStatus = Static<typeof ClaimStatus>;
