import { CancellationScope, setHandler, sleep } from "@temporalio/workflow";
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
  const abandoned = new Set<string>();
  setHandler(explodeStateQuery, () => track.view);
  setHandler(abandonResource, async (resourceId, why) => {
    await activities.abandonResource(instanceId, resourceId, why);
    abandoned.add(resourceId);
    open.get(resourceId)?.cancel();
  });

  /** Runs until it is done or the resource is abandoned. */
  async function unlessAbandoned({ id }: ResourceRef, step: () => Promise<void>): Promise<void> {
    if (abandoned.has(id)) return;
    const scope = new CancellationScope({ cancellable: true });
    open.set(id, scope);
    try {
      await scope.run(step);
    } catch (error) {
      // The last attempt may fail in its own way after it was cancelled; what was given up is settled all the same.
      if (!abandoned.has(id)) throw error;
    } finally {
      open.delete(id);
    }
  }

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
    const left = new Set(resources);
    const tell = () => track.enter(`making absent: ${[...left].map(nameOf).join(", ") || "nothing more"}`);
    tell();
    await Promise.all(
      resources.map(async (resource) => {
        if (resource.state !== "settled") await unlessAbandoned(resource, () => release(resource));
        left.delete(resource);
        tell();
      }),
    );

    track.enter("waiting out creates that may come late");
    await sleep(lateCreateMs, { summary: "late creates" });
    track.enter("looking for what came late");
    await Promise.all(resources.map((resource) => unlessAbandoned(resource, () => sweep(resource))));

    track.enter("purging texts and secrets, signing the receipt");
    await activities.buryInstance(instanceId);
    track.enter("gone", "done");
  });
}

const release = (resource: ResourceRef): Promise<void> =>
  activities.releaseResource.executeWithOptions({ summary: nameOf(resource) }, [resource.id]);

const sweep = (resource: ResourceRef): Promise<void> =>
  activities.sweepLate.executeWithOptions({ summary: nameOf(resource) }, [resource.id]);

const nameOf = ({ provider, kind }: ResourceRef): string => `${provider} ${kind}`;
