import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";

/** What an agent may answer. Other fields are allowed: an agent may be newer than the control plane. */
const Id = Type.String({ maxLength: 128 });
const Proof = Type.String({ pattern: "^[0-9a-f]{64}$" });
const NullableId = Type.Union([Id, Type.Null()]);

const Status = Type.Object({
  instanceId: Id,
  epoch: Type.Integer({ minimum: 1 }),
  generation: Id,
  ready: Type.Boolean(),
  parts: Type.Record(Type.String(), Type.Boolean()),
  inboxId: NullableId,
  joinInboxId: NullableId,
  conversationId: NullableId,
  claimId: NullableId,
  exploding: Type.Boolean(),
  versions: Type.Record(Type.String(), Id),
  proof: Proof,
});

const Provision = Type.Object({
  claimId: Id,
  instanceId: Id,
  epoch: Type.Integer({ minimum: 1 }),
  outcome: Type.Union([Type.Literal("created"), Type.Literal("joined"), Type.Literal("pending")]),
  agentName: Type.String({ maxLength: 256 }),
  conversationId: NullableId,
  inviteUrl: Type.Union([Type.String({ maxLength: 8_192 }), Type.Null()]),
  proof: Proof,
});

const Invite = Type.Object({
  claimId: Id,
  instanceId: Id,
  epoch: Type.Integer({ minimum: 1 }),
  inviteUrl: Type.String({ minLength: 1, maxLength: 8_192 }),
  proof: Proof,
});

const AgentProblem = Type.Object({ code: Type.String({ maxLength: 64 }) });

export const statusAnswer = Compile(Status);
export const provisionAnswer = Compile(Provision);
export const inviteAnswer = Compile(Invite);
export const problemAnswer = Compile(AgentProblem);

export type StatusAnswer = Static<typeof Status>;
