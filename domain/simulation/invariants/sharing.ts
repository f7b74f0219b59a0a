import type { Check } from "./checker.ts";

/** I12 nothing used by one user is ever given to another: no resource, no inbox, no agent that was told something. */
export const checkSharing: Check = ({ tables, compute }, { claimOf }, report) => {
  const owners = new Map<string, string>();
  const own = (thing: string | undefined, instanceId: string): void => {
    if (thing === undefined) return;
    const other = owners.get(thing);
    owners.set(thing, instanceId);
    if (other === undefined || other === instanceId) return;
    // What nobody has used yet may be handed on.
    if (claimOf.has(other) || claimOf.has(instanceId))
      report("I12", thing, `${other} and ${instanceId} share it`);
  };
  for (const { externalId, instanceId } of tables.resources) own(externalId, instanceId);
  for (const { inboxId, id } of tables.instances.values()) own(inboxId, id);
  for (const { volume, instanceId } of compute.services.values()) {
    if (volume.texts.size > 1) report("I12", instanceId, `it was told by ${[...volume.texts].join(" and ")}`);
  }
};
