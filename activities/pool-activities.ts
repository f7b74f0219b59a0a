import type { InstanceId, PoolName } from "../domain/ids.ts";
import type { RolloutStrategy } from "../domain/rollout.ts";
import type { Dependencies } from "./dependencies.ts";
import { handOverUnused } from "./hand-over-unused.ts";
import { type PoolPlan, planPool, type Retirement } from "./registry/pool-plan.ts";
import { takeForDrain } from "./registry/pool-retirement.ts";
import { type PoolChange, setPool } from "./registry/pools.ts";
import { readPool } from "./registry/read-pool.ts";
import { rollOut } from "./registry/rollout.ts";
import { startExplode, startLifecycle } from "./workflow-starts.ts";

/** How many lifecycles are started side by side. */
const START_CONCURRENCY = 8;

export interface PoolSummary {
  target: number;
  idle: number;
  provisioning: number;
  waiting: number;
  pausedReason: string | null;
  /** What failed alike, of starts or of claims. */
  breakers: { kind: string; code: string }[];
}

export const poolActivities = (deps: Dependencies) => {
  const { registry, temporal } = deps;
  return {
    /** Decides and writes down which instances to start and which to replace. */
    planPool: (pool: PoolName): Promise<PoolPlan> => planPool(registry, pool),

    async startInstances(ids: InstanceId[]): Promise<void> {
      for (let first = 0; first < ids.length; first += START_CONCURRENCY) {
        await Promise.all(
          ids.slice(first, first + START_CONCURRENCY).map((id) => startLifecycle(temporal, id)),
        );
      }
    },

    /** Starts the ends of instances that the plan has fenced; their successors are to be started afterwards. */
    async retireInstances(retirements: Retirement[]): Promise<void> {
      for (const { id, successor } of retirements) {
        if (successor) await handOverUnused(deps, id, successor);
        await startExplode(temporal, id, "superseded");
      }
    },

    async summarizePool(name: PoolName): Promise<PoolSummary> {
      const { target, pausedReason, counts, breakers } = await readPool(registry, name);
      const { idle, provisioning, waiting } = counts;
      return {
        target,
        idle,
        provisioning,
        waiting,
        pausedReason: pausedReason ?? null,
        breakers: breakers.map(({ kind, code }) => ({ kind, code })),
      };
    },

    changePool: (name: PoolName, change: PoolChange): Promise<void> => setPool(registry, name, change),

    rollOut: (name: PoolName, generation: string, strategy: RolloutStrategy): Promise<void> =>
      rollOut(registry.db, name, generation, strategy),

    async drainPool(name: PoolName, count: number): Promise<InstanceId[]> {
      const ids = await takeForDrain(registry, name, count);
      for (const id of ids) await startExplode(temporal, id, "drained");
      return ids;
    },
  };
};
