import { type EquipmentItem, equipmentKey, equipmentToMake, RETRY_AFTER_MS } from "../domain/equipment.ts";
import { PlatformError } from "../domain/errors.ts";
import { type ClaimId, claimWorkflowId, type Epoch, type InstanceId, type PoolName } from "../domain/ids.ts";
import type { EndReason, InstanceState } from "../domain/instance-state.ts";
import type { LaunchSpec } from "../domain/launch-spec.ts";
import type { LifecycleFacts } from "../domain/steps/lifecycle-step.ts";
import { askStatus } from "./agent/ask-status.ts";
import { makeKindsAbsent } from "./compute/make-absent.ts";
import type { Dependencies } from "./dependencies.ts";
import { issueBootstrapToken } from "./registry/bootstrap.ts";
import { fence } from "./registry/end.ts";
import { noteTry, readEquipment } from "./registry/equipment.ts";
import {
  beginEpoch,
  handOver,
  type InstanceView,
  moveInstance,
  noteEvent,
  readInstance,
  readStarts,
  recordInboxes,
  recordUrl,
} from "./registry/instances.ts";
import { intend, type LedgerEntry, recordActive } from "./registry/ledger.ts";
import { noteStartFailure, noteStartSuccess } from "./registry/pool-failures.ts";
import { takeNudge } from "./registry/pools.ts";
import { faultedEpoch, reportedEnd } from "./registry/reports.ts";
import { agentSecrets } from "./registry/secrets.ts";
import { isCreditDue, readSpend } from "./registry/spend.ts";
import { startExplode, wakePool, wakeWorkflow } from "./workflow-starts.ts";

/** Ends that are only for instances that nobody has; one that was bound meanwhile is not ended by them (I9). */
const ONLY_FROM: Readonly<Partial<Record<EndReason, readonly InstanceState[]>>> = {
  "idle-lost": ["idle"],
  "never-ready": ["provisioning", "starting"],
};

/** Where an instance stands, for those who look at its workflow. */
export interface InstanceStanding {
  state: InstanceState;
  /** ISO 8601. */
  stateSince: string;
  pool: PoolName;
  claimId: ClaimId | null;
}

export interface EquipmentPlan {
  /** What of its equipment is to be made now. */
  equipment: EquipmentItem[];
}

export interface SetExpiry {
  /** When its conversation ends by its people's word, if they have set it; ISO 8601. */
  expiresAt?: string;
}

/** What can be read of it; the time, what its proofs came to and who suspects it is for the lifecycle to know. */
export type ObservedFacts = Omit<LifecycleFacts, "unprovenEpoch" | "suspected" | "expiresInMs">;

export const lifecycleActivities = (deps: Dependencies) => {
  const { registry, compute, resources, temporal } = deps;

  return {
    /** What is known of the instance now. A driver that cannot say makes the process "unknown". */
    async observeInstance(
      id: InstanceId,
    ): Promise<ObservedFacts & InstanceStanding & EquipmentPlan & SetExpiry> {
      const instance = await readInstance(registry, id);
      const equipment = await lacks(instance);
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
        faultedEpoch: await faultedEpoch(registry, id),
        ...(await readStarts(registry, id)),
        creditDue: isCreditDue(await readSpend(registry, id), new Date()),
        lacking: equipment.length > 0,
        equipment,
        ...(instance.expiresAt && { expiresAt: instance.expiresAt.toISOString() }),
      };
    },

    /** Starts the process of the epoch after `after` and leaves the instance waiting for its report. */
    async launchInstance(id: InstanceId, after: number): Promise<{ epoch: Epoch }> {
      try {
        return await launch(id, after);
      } catch (error) {
        // The fence came before or while this try or an earlier one started it; what was taken apart by then is not
        // left behind.
        if (error instanceof PlatformError && error.code === "instance-doomed") {
          const { desired } = await readInstance(registry, id);
          if (desired === "absent") await makeKindsAbsent(deps, id, compute.resourceKinds);
        } else if (error instanceof PlatformError) {
          for (const kind of compute.resourceKinds) await noteTry(registry, id, "compute", kind, error.code);
        }
        throw error;
      }
    },

    /**
     * Asks the agent itself, end to end, and keeps the inboxes that it proves; throws `agent-unreachable` or
     * `agent-unproven` until it is ready.
     */
    async proveReady(id: InstanceId): Promise<void> {
      const status = await askStatus(deps, await readInstance(registry, id));
      if (!status.ready)
        throw new PlatformError("agent-unreachable", { detail: `instance ${id} is not ready` });
      await recordInboxes(registry, id, status);
    },

    /** Lets a proven instance into the pool, or straight to the oldest waiting claim, which is woken. */
    async handOverInstance(id: InstanceId): Promise<{ state: InstanceState; claimId: ClaimId | null }> {
      const { state, claimId } = await handOver(registry, id);
      const { pool } = await readInstance(registry, id);
      await noteStartSuccess(registry, id);
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

    /** Ends it, or answers false when it is no more in a state that this reason ends: then look again. */
    async explodeInstance(id: InstanceId, reason: EndReason): Promise<boolean> {
      await fence(registry, id, reason, ONLY_FROM[reason]);
      const { desired, endReason } = await readInstance(registry, id);
      // Also when an attempt before this one has fenced it: it is noted once.
      if (endReason === "never-ready") await noteStartFailure(registry, id);
      if (desired === "present") return false;
      await startExplode(temporal, id, reason);
      return true;
    },
  };

  async function lacks({ id, state }: InstanceView): Promise<EquipmentItem[]> {
    const configured = new Set(resources.all().map(equipmentKey));
    const retryAfterMs = state === "provisioning" ? 0 : RETRY_AFTER_MS;
    return equipmentToMake({ configured, ...(await readEquipment(registry, id)) }, retryAfterMs);
  }

  async function launch(id: InstanceId, after: number): Promise<{ epoch: Epoch }> {
    const entries: LedgerEntry[] = [];
    for (const kind of compute.resourceKinds) entries.push(await intend(registry, id, "compute", kind));
    const instance = await readInstance(registry, id);
    if (instance.state === "claimed") await moveInstance(registry, id, "recovering");
    const secrets = await agentSecrets(registry, id);
    const epoch = await beginEpoch(registry, id, after);
    const { url, externalIds } = await compute.launch(specOf(deps, instance, epoch), {
      secrets,
      issueBootstrapToken: () => issueBootstrapToken(registry, id, epoch),
    });
    const kept = await recordAll(entries, externalIds);
    if (!kept || (await readInstance(registry, id)).desired === "absent") {
      throw new PlatformError("instance-doomed", { detail: `instance ${id}` });
    }
    await recordUrl(registry, id, epoch, url);
    await noteEvent(registry, id, "launched", `epoch ${epoch}`);
    if (instance.state === "provisioning") await moveInstance(registry, id, "starting");
    return { epoch };
  }

  /** False when one of them is being released meanwhile. */
  async function recordAll(
    entries: readonly LedgerEntry[],
    externalIds: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    let kept = true;
    for (const { id, kind } of entries) {
      const externalId = externalIds[kind];
      if (!externalId) throw new PlatformError("internal", { detail: `the driver names no ${kind}` });
      if (!(await recordActive(registry.db, id, externalId))) kept = false;
    }
    return kept;
  }
};

async function observeProcess(
  { compute, registry }: Dependencies,
  instance: InstanceView,
): Promise<LifecycleFacts["process"]> {
  if (instance.epoch === 0) return "absent";
  try {
    const observation = await compute.observe(instance.id, instance.name);
    if (observation.state !== "running") return observation.state;
    // A process of another epoch is not the one that is meant; the next launch stops it.
    if (observation.epoch !== instance.epoch) return "exited";
    // A launch that was cut off has not written down where it listens.
    if (!instance.url) await recordUrl(registry, instance.id, instance.epoch, observation.url);
    return "running";
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
