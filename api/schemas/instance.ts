import { type Static, Type } from "typebox";
import { Nullable, strict, Time } from "./common.ts";

export const InstanceParams = Type.Object({ id: Type.String({ pattern: "^[a-z0-9]{12}$" }) }, strict);

const instance = {
  id: Type.String(),
  name: Type.String({ description: "Of everything it owns at a provider." }),
  pool: Type.String(),
  generation: Type.String(),
  state: Type.String(),
  stateSince: Time("When it entered the state."),
  desired: Type.String({ enum: ["present", "absent"] }),
  epoch: Type.Integer({ description: "Counts the starts of its process." }),
  readyEpoch: Type.Integer({ description: "The last one that reported itself ready." }),
  inboxId: Nullable("XMTP inbox of the agent."),
  conversationId: Nullable("XMTP group of the agent."),
  claimId: Nullable("The claim it serves."),
  endReason: Nullable("Why it ended or is ending."),
  expiresAt: Type.Unsafe<string | null>({
    type: ["string", "null"],
    format: "date-time",
    description: "When its people have set its conversation to end.",
  }),
  createdAt: Time("When the pool decided on it."),
  endedAt: Type.Unsafe<string | null>({ type: ["string", "null"], format: "date-time" }),
};

export const InstanceSummary = Type.Object(instance, strict);
export type InstanceSummary = Static<typeof InstanceSummary>;

export const InstanceList = Type.Object({ instances: Type.Array(InstanceSummary) }, strict);

export const InstanceQuery = Type.Object(
  {
    ended: Type.Optional(
      Type.String({ enum: ["true", "false"], description: "Whether tombstones are listed as well." }),
    ),
  },
  strict,
);

export const Receipt = Type.Object(
  {
    body: Type.String({ description: "The signed text: JSON." }),
    signature: Type.String({ description: "Ed25519 over the body." }),
    keyId: Type.String({ description: "The key, at /.well-known/jwks.json." }),
  },
  { ...strict, description: "Proof that the instance and all it owned are gone." },
);

export const InstanceDetail = Type.Object(
  {
    ...instance,
    timeline: Type.Array(
      Type.Object(
        {
          at: Time("When it was written down."),
          kind: Type.String(),
          epoch: Type.Unsafe<number | null>({ type: ["integer", "null"] }),
          detail: Nullable("Ids and codes."),
        },
        strict,
      ),
    ),
    resources: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          provider: Type.String(),
          kind: Type.String(),
          name: Type.String(),
          externalId: Nullable("Of the provider."),
          state: Type.String(),
          outcome: Type.Unsafe<Record<string, string> | null>({
            type: ["object", "null"],
            additionalProperties: { type: "string" },
            description: "What became of it.",
          }),
          lastError: Nullable("Of the catalogue."),
        },
        strict,
      ),
    ),
    receipt: Type.Optional(Receipt),
    temporalUrl: Nullable("The lifecycle's workflow in Temporal's Web UI."),
    temporalExplodeUrl: Nullable("The Explode's workflow, once the instance is to end."),
  },
  strict,
);
export type InstanceDetail = Static<typeof InstanceDetail>;

export const ExplodeBody = Type.Object(
  { reason: Type.Optional(Type.String({ enum: ["operator"] })) },
  strict,
);

export const ExplodingBody = Type.Object(
  { instanceId: Type.String(), status: Type.String({ enum: ["exploding"] }) },
  strict,
);
