import type { Group, PermissionPolicy } from "@xmtp/node-sdk";
import { POLICY } from "./xmtp-values.ts";

/** Whether a policy of the group lets this inbox do what it is about. */
export function isAllowedBy(
  policy: PermissionPolicy,
  group: Pick<Group, "isAdmin" | "isSuperAdmin">,
  inboxId: string,
): boolean {
  if (policy === POLICY.allow) return true;
  if (policy === POLICY.admin) return group.isAdmin(inboxId) || group.isSuperAdmin(inboxId);
  return policy === POLICY.superAdmin && group.isSuperAdmin(inboxId);
}
