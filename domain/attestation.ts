import { type Static, Type } from "typebox";

/**
 * The platform's word that an inbox is an agent of its own, which the agent shows in its profile. It is public: whoever
 * sees the profile has it.
 */
export const AgentAttestation = Type.Object(
  {
    inboxId: Type.String({ pattern: "^[0-9a-f]{64}$", description: "The inbox that it is about." }),
    signature: Type.String({
      pattern: "^[A-Za-z0-9_-]{86}$",
      description: "Ed25519 over the SHA-256 of `inboxId` and `timestamp`, in base64url.",
    }),
    timestamp: Type.String({
      pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$",
      description: "Clients take it for a day from then on.",
    }),
    keyId: Type.String({
      minLength: 1,
      maxLength: 128,
      description: "The key, at /.well-known/agents.json.",
    }),
  },
  { additionalProperties: false },
);
export type AgentAttestation = Static<typeof AgentAttestation>;
