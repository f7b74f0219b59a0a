import { Type } from "typebox";
import { AgentAttestation } from "../../../domain/attestation.ts";
import { LIMITS } from "../../../domain/limits.ts";

const closed = { additionalProperties: false };

export const ProvisionBody = Type.Object(
  {
    claimId: Type.String({ pattern: "^[a-z0-9]{20}$" }),
    nonce: Type.String({ pattern: "^[0-9a-f]{16,64}$" }),
    instructions: Type.String({ maxLength: LIMITS.instructionsMaxChars }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: LIMITS.nameMaxChars })),
    joinUrl: Type.Optional(Type.String({ minLength: 1, maxLength: LIMITS.joinUrlMaxChars })),
    profileImage: Type.Optional(
      Type.String({ pattern: "^https://", maxLength: LIMITS.profileImageMaxChars }),
    ),
    agentUrl: Type.Optional(
      Type.String({ pattern: "^https?://[^\\s?#]+$", maxLength: LIMITS.profileImageMaxChars }),
    ),
    metadata: Type.Optional(
      Type.Record(
        Type.String({ minLength: 1, maxLength: 64 }),
        Type.String({ maxLength: LIMITS.metadataValueMaxChars }),
        {
          maxProperties: LIMITS.metadataMaxEntries,
        },
      ),
    ),
    attestation: Type.Optional(AgentAttestation),
  },
  closed,
);

export const InviteBody = Type.Object(
  {
    claimId: Type.String({ pattern: "^[a-z0-9]{20}$" }),
    nonce: Type.String({ pattern: "^[0-9a-f]{16,64}$" }),
  },
  closed,
);

export const NotifyBody = Type.Object({ id: Type.String({ pattern: "^[A-Za-z0-9_-]{1,128}$" }) }, closed);

export const ExplodeBody = Type.Object(
  {
    reason: Type.Union([
      Type.Literal("member"),
      Type.Literal("removed"),
      Type.Literal("operator"),
      Type.Literal("expiry"),
    ]),
  },
  closed,
);
