import type { InstanceState } from "../../instance-state.ts";
import { isOpen } from "../tables.ts";
import type { Check } from "./checker.ts";

const BEFORE_A_CLAIM: readonly InstanceState[] = ["provisioning", "starting", "idle"];

/** I1 an instance has at most one claim, ever. I2 a claim has at most one live instance, a key at most one live claim. */
export const checkBindings: Check = ({ tables, joiners }, { claimOf }, report) => {
  const active = new Set<string>();
  for (const { instanceId, claimId, state } of tables.bindings) {
    const first = claimOf.get(instanceId);
    if (first === undefined) claimOf.set(instanceId, claimId);
    else if (first !== claimId) report("I1", instanceId, `it had ${first} and has ${claimId}`);
    if (BEFORE_A_CLAIM.includes(tables.instance(instanceId).state))
      report("I1", instanceId, "it may be bound although a claim had it");
    if (state !== "active") continue;
    if (active.has(claimId)) report("I2", claimId, "it has more than one live instance");
    active.add(claimId);
  }
  const taken = new Set<string>();
  for (const claim of tables.claims.values()) {
    if (!isOpen(claim)) continue;
    if (taken.has(claim.key)) report("I2", claim.id, `${claim.key} has another open claim`);
    taken.add(claim.key);
    if (claim.invite === undefined) continue;
    if (taken.has(claim.invite)) report("I2", claim.id, `${claim.invite} has another open claim`);
    taken.add(claim.invite);
  }
  for (const [invite, instances] of joiners) {
    const present = [...instances].filter((id) => tables.instance(id).desired === "present");
    if (present.length > 1) report("I2", invite, `${present.join(" and ")} are in one room`);
  }
};
