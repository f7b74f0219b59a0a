import type { Group } from "@xmtp/node-sdk";

/** What the sender of a message is to the group, and to us. */
export type SenderRole = "self" | "creator" | "super-admin" | "admin" | "member";

export type ExplodeDecision =
  | { readonly action: "ignore"; readonly reason: "own-message" | "not-authorised" | "not-earlier" }
  /** Wipe now. */
  | { readonly action: "explode" }
  /** Persist it and arm one timer for the soonest expiry. */
  | { readonly action: "schedule"; readonly expiresAt: Date };

/**
 * What an ExplodeSettings message means for its receiver. Only super admins and the group's creator end a conversation,
 * although XMTP would let any member write the expiry into appData. An expiry is only ever replaced by an earlier one.
 */
export function explodeDecision(input: {
  readonly senderRole: SenderRole;
  readonly expiresAt: Date;
  readonly now: Date;
  readonly currentExpiry?: Date | undefined;
}): ExplodeDecision {
  const { senderRole, expiresAt, now, currentExpiry } = input;
  if (senderRole === "self") return { action: "ignore", reason: "own-message" };
  if (senderRole !== "creator" && senderRole !== "super-admin")
    return { action: "ignore", reason: "not-authorised" };
  if (expiresAt <= now) return { action: "explode" };
  if (currentExpiry !== undefined && expiresAt >= currentExpiry)
    return { action: "ignore", reason: "not-earlier" };
  return { action: "schedule", expiresAt };
}

/** The role of a message's sender. Sync the group first: roles change. */
export async function senderRole(
  group: Pick<Group, "isSuperAdmin" | "isAdmin" | "metadata">,
  senderInboxId: string,
  ownInboxId: string,
): Promise<SenderRole> {
  if (senderInboxId === ownInboxId) return "self";
  if (group.isSuperAdmin(senderInboxId)) return "super-admin";
  const { creatorInboxId } = await group.metadata();
  if (senderInboxId === creatorInboxId) return "creator";
  return group.isAdmin(senderInboxId) ? "admin" : "member";
}
