import type { InstanceId, PoolName } from "../domain/ids.ts";
import type { Dependencies } from "./dependencies.ts";
import { planPool, readPool, setPool, takeForDrain } from "./registry/pools.ts";
import { startExplode, startLifecycle } from "./workflow-starts.ts";

/** How many lifecycles are started side by side. */
const START_CONCURRENCY = 8;

export interface PoolSummary {
  target: number;
  idle: number;
  provisioning: number;
  waiting: number;
  pausedReason: string | null;
}

export const poolActivities = ({ registry, temporal }: Dependencies) => ({
  /** Decides and writes down which instances to start. */
  planPool: (pool: PoolName): Promise<InstanceId[]> => planPool(registry, pool),

  async startInstances(ids: InstanceId[]): Promise<void> {
    for (let first = 0; first < ids.length; first += START_CONCURRENCY) {
      await Promise.all(
        ids.slice(first, first + START_CONCURRENCY).map((id) => startLifecycle(temporal, id)),
      );
    }
  },

  async summarizePool(name: PoolName): Promise<PoolSummary> {
    const { target, pausedReason, counts } = await readPool(registry, name);
    const { idle, provisioning, waiting } = counts;
    return { target, idle, provisioning, waiting, pausedReason: pausedReason ?? null };
  },

  changePool: (
    name: PoolName,
    change: { target?: number; pausedReason?: string | null; addExtra?: number },
  ): Promise<void> => setPool(registry, name, change),

  async drainPool(name: PoolName, count: number): Promise<InstanceId[]> {
    const ids = await takeForDrain(registry, name, count);
    for (const id of ids) await startExplode(temporal, id, "drained");
    return ids;
  },
});
