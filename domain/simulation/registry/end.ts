import type { EndReason, InstanceState } from "../../instance-state.ts";
import type { World } from "../world.ts";

/** Ends that are only for instances that nobody has. */
export const ONLY_FROM: Readonly<Partial<Record<EndReason, readonly InstanceState[]>>> = {
  "idle-lost": ["idle"],
  "never-ready": ["provisioning", "starting"],
};

/** The fence. The first reason stays; a claim that was not served yet goes back to the queue. */
export function fence(
  { tables, rules }: World,
  id: string,
  reason: EndReason,
  onlyFrom?: readonly InstanceState[],
): boolean {
  const instance = tables.instance(id);
  if (rules.endsOnlyUnclaimed && onlyFrom && !onlyFrom.includes(instance.state)) return false;
  if (instance.state !== "exploding" && instance.state !== "exploded") tables.doom(instance, reason);
  const binding = tables.bindings.find((row) => row.instanceId === id && row.state === "active");
  const claim = binding && tables.claims.get(binding.claimId);
  if (!binding || !claim) return true;
  const unserved = claim.state === "bound" && !claim.joinSent;
  tables.moveBinding(binding, unserved ? "abandoned" : "ended");
  tables.moveClaim(claim, unserved ? "waiting" : "ended");
  return true;
}

/** Removes texts and secrets. */
export function purge({ tables }: World, id: string): void {
  const instance = tables.instance(id);
  instance.secretOf.clear();
  instance.hasDataKey = false;
  instance.urlEpoch = undefined;
  for (const { claimId } of tables.bindings.filter((row) => row.instanceId === id)) {
    const claim = tables.claims.get(claimId);
    if (claim && ["ended", "failed", "cancelled"].includes(claim.state)) claim.hasText = false;
  }
}

export function bury({ tables }: World, id: string): void {
  const instance = tables.instance(id);
  if (instance.state === "exploding") tables.moveInstance(instance, "exploded");
}
