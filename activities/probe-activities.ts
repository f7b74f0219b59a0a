import { setTimeout as delay } from "node:timers/promises";
import { PlatformError } from "../domain/errors.ts";
import { type InstanceId, instanceWorkflowId } from "../domain/ids.ts";
import { askStatus } from "./agent/ask-status.ts";
import type { Dependencies } from "./dependencies.ts";
import { findInstance, pickIdle, readInstance } from "./registry/instances.ts";
import { wakeWorkflow } from "./workflow-starts.ts";

/** One sweep asks at most so many, picked at random, one every 50 ms: it leaves the machine to the claims. */
const MAX_ASKED = 6_000;
const GAP_MS = 50;

/** What a sweep found. Ids only. */
export interface ProbeFindings {
  asked: number;
  /** Agents that did not answer; their lifecycles ask them again and decide. */
  suspects: InstanceId[];
}

type ProbeDependencies = Pick<Dependencies, "registry" | "agents" | "temporal">;

/** Whether idle agents are still what they were. */
export const probeActivities = (deps: ProbeDependencies) => {
  const { registry, temporal } = deps;
  return {
    /** Asks every idle agent once. A sweep costs the workflows of those that answer nothing. */
    async sweepProbes(): Promise<ProbeFindings> {
      const ids = await pickIdle(registry, MAX_ASKED);
      const errors: unknown[] = [];
      const asked: Promise<boolean>[] = [];
      for (const id of ids) {
        const answers = hears(id).catch((error: unknown) => {
          errors.push(error);
          return true;
        });
        asked.push(answers);
        await delay(GAP_MS);
      }
      const answered = await Promise.all(asked);
      const suspects = ids.filter((_, index) => !answered[index]);
      for (const id of suspects) await wakeWorkflow(temporal, instanceWorkflowId(id), "suspect");
      if (errors.length > 0) throw errors[0];
      return { asked: ids.length, suspects };
    },

    /**
     * Asks an idle agent itself. One that answers, whatever it says of its parts, is the pool's to keep: an outage of
     * what it depends on must not empty the pool. Throws `agent-unreachable` or `agent-unproven` when nobody, or
     * somebody else, answers.
     */
    async probeIdle(id: InstanceId): Promise<{ ready: boolean }> {
      const instance = await readInstance(registry, id);
      if (instance.state !== "idle") return { ready: true };
      return { ready: (await askStatus(deps, instance)).ready };
    },
  };

  /** False when nobody, or somebody else, answers for an instance that is still idle. */
  async function hears(id: InstanceId): Promise<boolean> {
    const instance = await findInstance(registry, id);
    if (instance?.state !== "idle") return true;
    try {
      await askStatus(deps, instance);
      return true;
    } catch (error) {
      if (error instanceof PlatformError) return false;
      throw error;
    }
  }
};
