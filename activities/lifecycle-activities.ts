import { PlatformError } from "../domain/errors.ts";
import { type ClaimId, claimWorkflowId, type Epoch, type InstanceId, type PoolName } from "../domain/ids.ts";
import type { EndReason, InstanceState } from "../domain/instance-state.ts";
import type { LaunchSpec } from "../domain/launch-spec.ts";
import type { LifecycleFacts } from "../domain/steps/lifecycle-step.ts";
import type { Dependencies } from "./dependencies.ts";
import { doomInstance } from "./doom.ts";
import {
  beginEpoch,
  countRecentStarts,
  handOver,
  type InstanceView,
  moveInstance,
  noteEvent,
  readInstance,
  recordUrl,
} from "./registry/instances.ts";
import { intend, recordActive } from "./registry/ledger.ts";
import { noteStartFailure, noteStartSuccess, takeNudge } from "./registry/pools.ts";
import { reportedEnd } from "./registry/reports.ts";
import { agentSecrets, readSecret } from "./registry/secrets.ts";
import { wakePool, wakeWorkflow } from "./workflow-starts.ts";

/** Where an instance stands, for those who look at its workflow. */
export interface InstanceStanding {
  state: InstanceState;
  /** ISO 8601. */
  stateSince: string;
  pool: PoolName;
  claimId: ClaimId | null;
}

export const lifecycleActivities = (deps: Dependencies) => {
  const { registry, compute, agents, temporal } = deps;

  return {
    /** What is known of the instance now. A driver that cannot say makes the process "unknown". */
    async observeInstance(id: InstanceId): Promise<LifecycleFacts & InstanceStanding> {
      const instance = await readInstance(registry, id);
      return {
        state: instance.state,
        stateSince: instance.stateSince.toISOString(),
        pool: instance.pool,
        claimId: instance.claimId ?? null,
        desired: instance.desired,
        epoch: instance.epoch,
        readyEpoch: instance.readyEpoch,
        process: await observeProcess(deps, instance),
        reportedEnd: await reportedEnd(registry, id),
        recentStarts: await countRecentStarts(registry, id),
      };
    },

    /** Starts the process of the epoch after `after` and leaves the instance waiting for its report. */
    async launchInstance(id: InstanceId, after: number): Promise<{ epoch: Epoch }> {
      const entry = await intend(registry, id, "compute", compute.kind);
      const instance = await readInstance(registry, id);
      if (instance.state === "claimed") await moveInstance(registry, id, "recovering");
      const secrets = await agentSecrets(registry, id);
      const epoch = await beginEpoch(registry, id, after);
      const { url, externalId } = await compute.launch(specOf(deps, instance, epoch), secrets);
      const kept = await recordActive(registry.db, entry.id, externalId);
      // The fence may have come while it started; what was taken apart before is not left behind by this start.
      if (!kept || (await readInstance(registry, id)).desired === "absent") {
        await compute.destroy(id, instance.name);
        throw new PlatformError("instance-doomed", { detail: `instance ${id}` });
      }
      await recordUrl(registry, id, epoch, url);
      await noteEvent(registry, id, "launched", `epoch ${epoch}`);
      if (instance.state === "provisioning") await moveInstance(registry, id, "starting");
      return { epoch };
    },

    /** Asks the agent itself, end to end; throws `agent-unreachable` or `agent-unproven` until it is ready. */
    async proveReady(id: InstanceId): Promise<void> {
      const instance = await readInstance(registry, id);
      const instanceSecret = await readSecret(registry, id, "instance-secret");
      if (!instance.url || !instanceSecret)
        throw new PlatformError("agent-unreachable", { detail: `instance ${id}` });
      const status = await agents.status({
        url: instance.url,
        instanceId: id,
        epoch: instance.epoch,
        instanceSecret,
      });
      if (!status.ready)
        throw new PlatformError("agent-unreachable", { detail: `instance ${id} is not ready` });
    },

    /** Lets a proven instance into the pool, or straight to the oldest waiting claim, which is woken. */
    async handOverInstance(id: InstanceId): Promise<{ state: InstanceState; claimId: ClaimId | null }> {
      const { state, claimId } = await handOver(registry, id);
      const { pool } = await readInstance(registry, id);
      await noteStartSuccess(registry, pool);
      if (claimId) await wakeWorkflow(temporal, claimWorkflowId(claimId));
      if (await takeNudge(registry, pool)) await wakePool(temporal, pool);
      return { state, claimId: claimId ?? null };
    },

    /** A claimed instance runs again: its claim may be waiting for it. */
    async markRecovered(id: InstanceId): Promise<void> {
      await moveInstance(registry, id, "claimed");
      const { claimId } = await readInstance(registry, id);
      if (claimId) await wakeWorkflow(temporal, claimWorkflowId(claimId));
    },

    async explodeInstance(id: InstanceId, reason: EndReason): Promise<void> {
      const { pool } = await readInstance(registry, id);
      if (reason === "never-ready") await noteStartFailure(registry, pool, reason);
      await doomInstance(deps, id, reason);
    },
  };
};

async function observeProcess(
  { compute }: Dependencies,
  instance: InstanceView,
): Promise<LifecycleFacts["process"]> {
  if (instance.epoch === 0) return "absent";
  try {
    const observation = await compute.observe(instance.id, instance.name);
    // A process of another epoch is not the one that is meant; the next launch stops it.
    if (observation.state === "running") return observation.epoch === instance.epoch ? "running" : "exited";
    return observation.state;
  } catch (error) {
    if (error instanceof PlatformError && error.code !== "invalid") return "unknown";
    throw error;
  }
}

function specOf(deps: Dependencies, instance: InstanceView, epoch: Epoch): LaunchSpec {
  const { id, name, generation } = instance;
  return {
    instanceId: id,
    name,
    epoch,
    generation,
    environment: {
      ...deps.agentEnvironment,
      INSTANCE_ID: id,
      EPOCH: String(epoch),
      GENERATION: generation,
    },
  };
}
