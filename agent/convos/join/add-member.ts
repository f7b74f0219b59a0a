import type { Group } from "@xmtp/node-sdk";
import { isAllowedBy } from "../rights.ts";
import { POLICY } from "../xmtp-values.ts";

/** locked: nobody may add members, super admins included. not-allowed: others may, we may not. */
export type AdmissionRight = "open" | "locked" | "not-allowed";

/** Whether this inbox may add members. Asked first, since an attempt without the right burdens all members with a commit. */
export function admissionRight(
  group: Pick<Group, "permissions" | "isAdmin" | "isSuperAdmin">,
  ownInboxId: string,
): AdmissionRight {
  const policy = group.permissions().policySet.addMemberPolicy;
  if (policy === POLICY.deny) return "locked";
  return isAllowedBy(policy, group, ownInboxId) ? "open" : "not-allowed";
}

/**
 * Adds a member. When the SDK gives up, the commit may have been taken all the same: the group is synced, which also
 * sends a welcome that is still owed, and says whether the member is in. Rejects with a MemberRefusedError when the
 * member cannot be added, and with the SDK's error while that is uncertain because the network is down.
 */
export async function addMember(
  group: Pick<Group, "addMembers" | "members" | "sync">,
  inboxId: string,
): Promise<void> {
  try {
    await group.addMembers([inboxId]);
  } catch (error) {
    await group.sync();
    if ((await group.members()).some((member) => member.inboxId === inboxId)) return;
    throw isNetworkError(error) ? error : new MemberRefusedError(error);
  }
}

/** The group or the network did not accept the member. */
export class MemberRefusedError extends Error {
  constructor(cause: unknown) {
    super("the member could not be added", { cause });
    this.name = "MemberRefusedError";
  }
}

/** The SDK tells an unreachable network from a refusal in its error's text only. */
const NETWORK_ERROR = /api client error|errors publishing intents|errors post commit|SyncFailedToWait/i;

const isNetworkError = (error: unknown): boolean =>
  error instanceof Error && NETWORK_ERROR.test(error.message);
