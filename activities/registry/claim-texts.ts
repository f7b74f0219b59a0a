import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import type { ClaimId } from "../../domain/ids.ts";
import { open, seal } from "./sealing.ts";

/** What the caller said: sealed under the claim's own key for as long as the claim is open. */
export const ClaimInput = Type.Object({
  instructions: Type.String(),
  name: Type.Optional(Type.String()),
  joinUrl: Type.Optional(Type.String()),
  profileImage: Type.Optional(Type.String()),
  metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type ClaimInput = Static<typeof ClaimInput>;

/** What the agent answered: sealed likewise, since an invite lets its reader in. */
export const ClaimResult = Type.Object({
  agentName: Type.String(),
  conversationId: Type.Union([Type.String(), Type.Null()]),
  inviteUrl: Type.Union([Type.String(), Type.Null()]),
  joined: Type.Boolean(),
});
export type ClaimResult = Static<typeof ClaimResult>;

export const claimKeyContext = (id: ClaimId): string => `claim-key/${id}`;

export const sealInput = (key: Buffer, id: ClaimId, input: ClaimInput): Buffer =>
  seal(key, JSON.stringify(input), `claim-input/${id}`);
export const openInput = (key: Buffer, id: ClaimId, sealed: Buffer): ClaimInput =>
  Value.Parse(ClaimInput, JSON.parse(open(key, sealed, `claim-input/${id}`).toString("utf8")));
export const sealResult = (key: Buffer, id: ClaimId, result: ClaimResult): Buffer =>
  seal(key, JSON.stringify(result), `claim-result/${id}`);
export const openResult = (key: Buffer, id: ClaimId, sealed: Buffer): ClaimResult =>
  Value.Parse(ClaimResult, JSON.parse(open(key, sealed, `claim-result/${id}`).toString("utf8")));
