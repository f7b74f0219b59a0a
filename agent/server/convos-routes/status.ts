import type { AgentCore } from "../pool/agent-core.ts";

/** The answer to `GET /convos/status`. */
export interface ConvosStatus {
  ready: boolean;
  claimed: boolean;
  conversationId: string | null;
  /** The agent's own, in that conversation. */
  inboxId: string | null;
  /** Null while it is in no claim's conversation. */
  isLocked: boolean | null;
  /** The agent among them; null while it is in no claim's conversation. */
  memberCount: number | null;
  /** When the conversation explodes by a member's word, ISO 8601. */
  expiresAt: string | null;
}

export async function readStatus(core: Pick<AgentCore, "status" | "room">): Promise<ConvosStatus> {
  const { ready, claimId, conversationId, inboxId } = core.status();
  const status = { ready, claimed: claimId !== null, conversationId, inboxId };
  const found = core.room();
  if (!("room" in found)) return { ...status, isLocked: null, memberCount: null, expiresAt: null };
  const { expiresAt, ...view } = await found.room.view();
  return { ...status, ...view, expiresAt: expiresAt?.toISOString() ?? null };
}
