import { ApplicationFailure, Context } from "@temporalio/activity";
import type { ExplodeRequest } from "../domain/agent-protocol.ts";
import { PlatformError } from "../domain/errors.ts";
import { type InstanceId, instanceWorkflowId } from "../domain/ids.ts";
import type { EndReason } from "../domain/instance-state.ts";
import type { Provider, ResourceOutcome, ResourceState } from "../domain/resource-state.ts";
import { makeKindsAbsent } from "./compute/make-absent.ts";
import type { Dependencies } from "./dependencies.ts";
import { bury, fence, purge, storeReceipt } from "./registry/end.ts";
import { mayBeLaunching, readInstance } from "./registry/instances.ts";
import {
  beginRelease,
  type LedgerEntry,
  listResources,
  readResource,
  recordError,
  settle,
} from "./registry/ledger.ts";
import { takeNudge } from "./registry/pools.ts";
import { receiptBody } from "./registry/receipt.ts";
import { hasReportedExploded } from "./registry/reports.ts";
import { readSecret } from "./registry/secrets.ts";
import { makeResourceAbsent } from "./resources/release-resource.ts";
import { wakePool, wakeWorkflow } from "./workflow-starts.ts";

/** What the agent is told: who ends it decides how it leaves the conversation. */
const AGENT_REASONS: Readonly<Record<EndReason, ExplodeRequest["reason"]>> = {
  "exploded-by-member": "member",
  removed: "removed",
  "claim-expired": "expiry",
  operator: "operator",
  "claim-cancelled": "operator",
  "claim-failed": "operator",
  "never-ready": "operator",
  "idle-lost": "operator",
  drained: "operator",
  superseded: "operator",
};

const POLL_MS = 250;
/** Longer than any create may go on at its provider after the call has given up. */
const LATE_CREATE_MS = 20_000;
const ageMs = (since: Date): number => Date.now() - since.getTime();

export interface ResourceRef {
  id: string;
  provider: Provider;
  kind: string;
  state: ResourceState;
}

export const explodeActivities = (deps: Dependencies) => {
  const { registry, compute, agents, resources, temporal, receipts } = deps;

  return {
    async fenceInstance(id: InstanceId, reason: EndReason): Promise<void> {
      await fence(registry, id, reason);
      await wakeWorkflow(temporal, instanceWorkflowId(id), "doom");
    },

    /** Ends all spending before anything else is taken apart. */
    async revokeRights(id: InstanceId): Promise<void> {
      for (const { provider, kind, state, externalId } of await listResources(registry, id)) {
        if (state === "settled" || externalId === undefined || !resources.has(provider, kind)) continue;
        await resources.get(provider, kind).revoke?.(externalId);
      }
    },

    /**
     * Lets the agent end its own part and waits for its report. False when nothing answers there: what it held
     * goes with its process and its state then.
     */
    async endAgent(id: InstanceId): Promise<boolean> {
      const instance = await readInstance(registry, id);
      const instanceSecret = await readSecret(registry, id, "instance-secret");
      const reason = AGENT_REASONS[instance.endReason ?? "operator"];
      if (await hasReportedExploded(registry, id)) return true;
      if (!instance.url || !instanceSecret) return false;
      const target = { url: instance.url, instanceId: id, epoch: instance.epoch, instanceSecret };
      try {
        await agents.explode(target, reason);
      } catch (error) {
        // Whether it took it or not, its report tells; one that is gone already reports nothing more.
        if (!(error instanceof PlatformError)) throw error;
        if (error.code === "agent-unreachable" || error.code === "agent-unproven") {
          return hasReportedExploded(registry, id);
        }
      }
      while (!(await hasReportedExploded(registry, id))) {
        // One that died in the middle of it reports nothing any more.
        const { state } = await compute.observe(id, instance.name);
        if (state !== "running") return hasReportedExploded(registry, id);
        await Context.current().sleep(POLL_MS);
      }
      return true;
    },

    /**
     * What is to be made absent, and how long a create that is still under way could take to show: nothing when
     * every resource has been active, and no process was being started, for longer than that.
     */
    async listLedger(id: InstanceId): Promise<{ resources: ResourceRef[]; lateCreateMs: number }> {
      const entries = await listResources(registry, id);
      const calm =
        !(await mayBeLaunching(registry, id, LATE_CREATE_MS)) &&
        entries.every((entry) => entry.state === "active" && ageMs(entry.stateSince) > LATE_CREATE_MS);
      const refs = entries.map(({ id: resourceId, provider, kind, state }) => ({
        id: resourceId,
        provider,
        kind,
        state,
      }));
      return { resources: refs, lateCreateMs: calm ? 0 : LATE_CREATE_MS };
    },

    /** Makes one resource absent, reads that back from its provider, and writes the outcome down. */
    async releaseResource(resourceId: string): Promise<void> {
      const entry = await readResource(registry, resourceId);
      if (entry.state === "settled") return;
      await beginRelease(registry, resourceId);
      try {
        await settle(registry, resourceId, await makeAbsent(entry));
      } catch (error) {
        if (error instanceof PlatformError) await recordError(registry, resourceId, error.code);
        throw error;
      }
    },

    /**
     * Looks once more by name, after every create that was under way must have ended; removes what came late. What
     * an operator has given up is left alone: its provider would hold the end up again.
     */
    async sweepLate(resourceId: string): Promise<void> {
      const entry = await readResource(registry, resourceId);
      if (entry.outcome?.kind !== "abandoned") await makeAbsent(entry);
    },

    /** Settles a resource that its provider does not let go. Refuses one that is not of this instance. */
    async abandonResource(id: InstanceId, resourceId: string, reason: string): Promise<void> {
      const owned = (await listResources(registry, id)).some((entry) => entry.id === resourceId);
      if (!owned) {
        const message = `instance ${id} has no resource of this id`;
        throw ApplicationFailure.create({ type: "not-found", message, nonRetryable: true });
      }
      await beginRelease(registry, resourceId);
      await settle(registry, resourceId, { kind: "abandoned", reason });
    },

    /** Removes texts and secrets, signs the receipt, leaves the tombstone. */
    async buryInstance(id: InstanceId): Promise<void> {
      const entries = await listResources(registry, id);
      const open = entries.filter((entry) => entry.state !== "settled");
      if (open.length > 0) {
        throw ApplicationFailure.create({
          type: "conflict",
          message: `${open.length} resources are not settled`,
        });
      }
      await purge(registry, id);
      await storeReceipt(
        registry,
        id,
        receipts.sign(receiptBody(await readInstance(registry, id), entries, deps.retention, new Date())),
      );
      await bury(registry, id);
      const { pool } = await readInstance(registry, id);
      if (await takeNudge(registry, pool)) await wakePool(temporal, pool);
    },
  };

  async function makeAbsent(entry: LedgerEntry): Promise<ResourceOutcome> {
    if (entry.provider === "compute") return makeComputeAbsent(entry);
    return makeResourceAbsent(registry, resources.get(entry.provider, entry.kind), entry);
  }

  /** What was made after it uses it and goes before it, unless that has its outcome already. */
  async function makeComputeAbsent({ instanceId, name, kind }: LedgerEntry): Promise<ResourceOutcome> {
    const settled = (await listResources(registry, instanceId)).filter(
      ({ provider, state }) => provider === "compute" && state === "settled",
    );
    const later = compute.resourceKinds.slice(compute.resourceKinds.indexOf(kind) + 1);
    const open = later.filter((other) => !settled.some((entry) => entry.kind === other));
    await makeKindsAbsent(deps, instanceId, open);
    return compute.destroy(instanceId, name, kind);
  }
};
