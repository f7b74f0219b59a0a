import { CancellationScope, isCancellation, setHandler, sleep } from "@temporalio/workflow";
import type { ResourceRef } from "../activities/explode-activities.ts";
import { explode as activities, agentEnd, revoke } from "./activities.ts";
import { abandonResource, type ExplodeStart, explodeStateQuery } from "./messages.ts";
import { Track } from "./track.ts";

/**
 * Ends an instance and everything it ever owned. It cannot be cancelled and has no time-out; a resource whose
 * provider does not let go is tried for ever and shown, and an operator's `abandonResource` is the only way past.
 */
export async function explode({ instanceId, reason }: ExplodeStart): Promise<void> {
  const track = new Track<"running" | "done">(`Explode ${instanceId}`, "running");
  const open = new Map<string, CancellationScope>();
  setHandler(explodeStateQuery, () => track.view);
  setHandler(abandonResource, async (resourceId, why) => {
    open.get(resourceId)?.cancel();
    await activities.abandonResource(resourceId, why);
  });

  await CancellationScope.nonCancellable(async () => {
    track.enter("fencing: nothing new is made for it");
    await activities.fenceInstance(instanceId, reason);
    track.enter("revoking its rights to spend");
    await revoke
      .revokeRights(instanceId)
      .catch(() => track.enter("the rights could not be revoked yet; going on"));
    track.enter("letting the agent end its part");
    await agentEnd
      .endAgent(instanceId)
      .catch(() => track.enter("the agent did not report its end; going on"));

    const { resources, lateCreateMs } = await activities.listLedger(instanceId);
    track.enter(`making absent: ${resources.map(nameOf).join(", ") || "nothing"}`);
    await Promise.all(resources.map((resource) => release(resource, open)));

    track.enter("waiting out creates that may come late");
    await sleep(lateCreateMs);
    await activities.sweepLate(instanceId);

    track.enter("purging texts and secrets, signing the receipt");
    await activities.buryInstance(instanceId);
    track.enter("gone", "done");
  });
}

async function release(resource: ResourceRef, open: Map<string, CancellationScope>): Promise<void> {
  if (resource.state === "settled") return;
  const scope = new CancellationScope({ cancellable: true });
  open.set(resource.id, scope);
  try {
    await scope.run(() => activities.releaseResource(resource.id));
  } catch (error) {
    // Only `abandonResource` cancels it, and has settled the resource itself.
    if (!isCancellation(error)) throw error;
  } finally {
    open.delete(resource.id);
  }
}

const nameOf = ({ provider, kind }: ResourceRef): string => `${provider} ${kind}`;
