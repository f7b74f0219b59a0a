import type { Group, PermissionPolicy } from "@xmtp/node-sdk";
import { type AppDataGroup, updateAppData } from "./app-data/update.ts";
import { generateTag } from "./invite/tag.ts";
import { PERMISSION, POLICY } from "./xmtp-values.ts";

/** What is needed of an XMTP group to lock it. */
export type LockableGroup = AppDataGroup & Pick<Group, "permissions" | "updatePermission">;

export type LockStep = "permission" | "tag";

/** Some step of locking or unlocking failed after the other one was tried as well. Doing it again is safe. */
export class LockIncompleteError extends AggregateError {
  readonly failed: readonly LockStep[];
  constructor(failures: readonly { step: LockStep; error: unknown }[]) {
    const failed = failures.map(({ step }) => step);
    super(
      failures.map(({ error }) => error),
      `the lock was not changed completely: ${failed.join(", ")}`,
    );
    this.name = "LockIncompleteError";
    this.failed = failed;
  }
}

/** A locked group admits nobody, not even by its super admins. */
export const isLocked = (group: Pick<Group, "permissions">): boolean =>
  group.permissions().policySet.addMemberPolicy === POLICY.deny;

/**
 * Locks the group and kills all its invites. Super admins only. Returns the new tag.
 * Throws a LockIncompleteError, after having tried both steps.
 */
export const lockGroup = (group: LockableGroup): Promise<string> => change(group, POLICY.deny);

/**
 * Unlocks the group under yet another tag: the links from before the lock stay dead.
 * `addMemberPolicy` is who may add members from now on; pass the admin policy for a group that was admin-only.
 */
export const unlockGroup = (
  group: LockableGroup,
  addMemberPolicy: PermissionPolicy = POLICY.allow,
): Promise<string> => change(group, addMemberPolicy);

/** Gives the group a new invite tag, so that every older invite is refused as expired. Returns the new tag. */
export async function rotateTag(group: AppDataGroup): Promise<string> {
  const tag = generateTag();
  await updateAppData(group, (metadata) => ({ ...metadata, tag }));
  return tag;
}

async function change(group: LockableGroup, policy: PermissionPolicy): Promise<string> {
  const setPolicy = (): Promise<void> => group.updatePermission(PERMISSION.addMember, policy);
  const failures: { step: LockStep; error: unknown }[] = [];
  let tag = "";
  if (policy === POLICY.deny) await attempt("permission", setPolicy);
  await attempt("tag", async () => {
    tag = await rotateTag(group);
  });
  if (policy !== POLICY.deny) await attempt("permission", setPolicy);
  if (failures.length > 0) throw new LockIncompleteError(failures);
  return tag;

  async function attempt(step: LockStep, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      failures.push({ step, error });
    }
  }
}
