import type { ProvisionRefusal } from "../../../domain/agent-protocol.ts";
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
  /**
   * Why the conversation of its claim does not let it in, as a code of a refused join: no other conversation is ever its
   * own. Null while it is in one, or may still get into one.
   */
  joinRefusal: ProvisionRefusal | null;
  /** The agent among them; null while it is in no claim's conversation. */
  memberCount: number | null;
  /** When the conversation explodes by a member's word, ISO 8601. */
  expiresAt: string | null;
}

export async function readStatus(
  core: Pick<AgentCore, "status" | "room" | "joinRefusal">,
): Promise<ConvosStatus> {
  const { ready, claimId, conversationId, inboxId } = core.status();
  const joinRefusal = core.joinRefusal() ?? null;
  const status = { ready, claimed: claimId !== null, conversationId, inboxId, joinRefusal };
  const found = core.room();
  if (!("room" in found)) return { ...status, isLocked: null, memberCount: null, expiresAt: null };
  const { expiresAt, ...view } = await found.room.view();
  return { ...status, ...view, expiresAt: expiresAt?.toISOString() ?? null };
}
