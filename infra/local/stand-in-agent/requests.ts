import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { AgentAttestation } from "../../../domain/attestation.ts";
import { MISBEHAVIOURS } from "./misbehaviour.ts";

const Hex = (min: number, max: number): ReturnType<typeof Type.String> =>
  Type.String({ pattern: `^[0-9a-f]{${min},${max}}$` });

export const provisionRequest = Compile(
  Type.Object(
    {
      claimId: Type.String({ pattern: "^[a-z0-9]{20}$" }),
      nonce: Hex(16, 64),
      instructions: Type.String({ maxLength: 32_000 }),
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 50 })),
      joinUrl: Type.Optional(Type.String({ minLength: 1, maxLength: 4_096 })),
      profileImage: Type.Optional(Type.String({ maxLength: 2_048 })),
      agentUrl: Type.Optional(Type.String({ pattern: "^https?://", maxLength: 2_048 })),
      metadata: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 500 }))),
      attestation: Type.Optional(AgentAttestation),
    },
    { additionalProperties: false },
  ),
);

export const inviteRequest = Compile(
  Type.Object(
    { claimId: Type.String({ pattern: "^[a-z0-9]{20}$" }), nonce: Hex(16, 64) },
    { additionalProperties: false },
  ),
);

export const explodeRequest = Compile(
  Type.Object(
    {
      reason: Type.Union([
        Type.Literal("member"),
        Type.Literal("removed"),
        Type.Literal("operator"),
        Type.Literal("expiry"),
      ]),
    },
    { additionalProperties: false },
  ),
);

export const notifyRequest = Compile(
  Type.Object({ id: Type.String({ pattern: "^[A-Za-z0-9_-]{1,128}$" }) }, { additionalProperties: false }),
);

const Secrets = Type.Object({
  instanceSecret: Hex(64, 64),
  modelKey: Type.String({ minLength: 1, maxLength: 512 }),
  stateKey: Hex(64, 64),
});

export const agentSecrets = Compile(Secrets);

/** What a host is asked to start. */
export const launchRequest = Compile(
  Type.Object({
    spec: Type.Object({
      instanceId: Type.String({ pattern: "^[a-z0-9]{12}$" }),
      name: Type.String({ pattern: "^[a-z0-9-]{1,32}$" }),
      epoch: Type.Integer({ minimum: 1 }),
      generation: Type.String({ minLength: 1, maxLength: 64 }),
      environment: Type.Record(Type.String(), Type.String()),
    }),
    secrets: Secrets,
  }),
);

export const misbehaveRequest = Compile(
  Type.Object({
    misbehave: Type.Union([Type.Literal(""), ...MISBEHAVIOURS.map((word) => Type.Literal(word))]),
  }),
);
