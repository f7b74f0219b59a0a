import { Type } from "typebox";

/** What the command line reads of the gateway's answers. More fields may be there. */

const Nullable = Type.Union([Type.String(), Type.Null()]);

export const ClaimAnswer = Type.Object({
  claimId: Type.String(),
  status: Type.String(),
  instanceId: Type.Optional(Type.String()),
  agentName: Type.Optional(Type.String()),
  conversationId: Type.Optional(Nullable),
  inviteUrl: Type.Optional(Nullable),
  joined: Type.Optional(Type.Boolean()),
});

export const FreshInvite = Type.Object({ inviteUrl: Type.String() });

export const Pool = Type.Object({
  name: Type.String(),
  target: Type.Integer(),
  surge: Type.Integer(),
  generation: Type.String(),
  pausedReason: Nullable,
  counts: Type.Record(Type.String(), Type.Integer()),
  why: Type.String(),
});

export const Instance = Type.Object({
  id: Type.String(),
  state: Type.String(),
  stateSince: Type.String(),
  epoch: Type.Integer(),
  claimId: Nullable,
  endReason: Nullable,
  createdAt: Type.String(),
});

export const Receipt = Type.Object({ body: Type.String(), signature: Type.String(), keyId: Type.String() });

export const InstanceDetail = Type.Object({
  ...Instance.properties,
  resources: Type.Array(
    Type.Object({
      provider: Type.String(),
      kind: Type.String(),
      name: Type.String(),
      state: Type.String(),
      outcome: Type.Union([
        Type.Object({ kind: Type.String() }, { additionalProperties: Type.String() }),
        Type.Null(),
      ]),
      lastError: Nullable,
    }),
  ),
  receipt: Type.Optional(Receipt),
  temporalUrl: Nullable,
  temporalExplodeUrl: Nullable,
});

export const Instances = Type.Object({ instances: Type.Array(Instance) });
export const Drained = Type.Object({ drained: Type.Array(Type.String()) });
export const Exploding = Type.Object({ instanceId: Type.String(), status: Type.String() });
export const Reconciled = Type.Object({}, { additionalProperties: true });
export const Violations = Type.Object({
  violations: Type.Array(
    Type.Object({ invariant: Type.String(), subject: Type.String(), detail: Type.String() }),
  ),
});
