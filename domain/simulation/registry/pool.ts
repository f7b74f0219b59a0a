import { COUNTED_AS } from "../../instance-state.ts";
import { BREAKER, commonFailure } from "../../steps/pool-failure.ts";
import type { PoolFacts } from "../../steps/pool-plan.ts";
import type { Flow } from "../engine/scheduler.ts";
import type { InstanceRow, Tables } from "../tables.ts";
import type { World } from "../world.ts";

const MINUTE_MS = 60_000;

export function countPool({ tables }: World): { idle: number; starting: number; waiting: number } {
  const counted = [...tables.instances.values()].map(({ state }) =>
    state === "exploded" ? undefined : COUNTED_AS[state],
  );
  return {
    idle: counted.filter((as) => as === "idle").length,
    starting: counted.filter((as) => as === "provisioning").length,
    waiting: [...tables.claims.values()].filter(({ state }) => state === "waiting").length,
  };
}

function factsOf(world: World): PoolFacts {
  const { tables, nowMs } = world;
  const { pool } = tables;
  const recent = pool.failures.filter(({ atMs }) => atMs > nowMs - BREAKER.windowS * 1000);
  const lastStarts = [...tables.instances.values()].filter(({ createdMs }) => createdMs > nowMs - MINUTE_MS);
  return {
    target: pool.target,
    surge: pool.surge,
    ...countPool(world),
    stale: staleOf(world).length,
    extra: pool.extra,
    allowance: Math.max(0, pool.startsPerMinute - lastStarts.length),
    paused: pool.pausedReason !== undefined,
    backingOff: pool.retryAfterMs > nowMs,
    breaker: breakerOf(
      recent.map(({ code }) => code),
      pool.claimsFailUntilMs > nowMs,
    ),
  };
}

function breakerOf(newestFirst: readonly string[], areClaimsFailing: boolean): PoolFacts["breaker"] {
  if (commonFailure(newestFirst) !== undefined) return "starts";
  return areClaimsFailing ? "claims" : undefined;
}

/** Idle ones that are too old or of an earlier generation, the oldest first. */
function staleOf({ tables, nowMs }: World): InstanceRow[] {
  const { generation, maxAgeMs } = tables.pool;
  return idleOf(tables).filter((row) => row.generation !== generation || row.createdMs < nowMs - maxAgeMs);
}

const idleOf = ({ instances }: Tables): InstanceRow[] =>
  [...instances.values()]
    .filter(({ state, desired }) => state === "idle" && desired === "present")
    .sort((one, other) => one.stateSinceMs - other.stateSinceMs);

/** Decides how many to start and inserts their rows in one transaction; answers all that are not launched yet. */
export function* planPool(world: World): Flow<string[]> {
  const { tables, rules } = world;
  const { pool } = tables;
  const facts = factsOf(world);
  const plan = rules.planStarts(facts);
  if (!rules.plansInOneTransaction) yield { ms: world.random.between(1_000, 20_000) };
  const unstarted = [...tables.instances.values()]
    .filter(({ state, desired }) => state === "provisioning" && desired === "present")
    .map(({ id }) => id);
  pool.extra = 0;
  const supply = facts.idle + facts.starting;
  const limit = facts.target + facts.surge + facts.waiting;
  const started: string[] = [];
  for (let index = 0; index < plan.own + plan.extra; index++) {
    const row = newInstance(world, index < plan.own ? { supply: supply + index, limit } : undefined);
    tables.addInstance(row);
    started.push(row.id);
  }
  return [...unstarted, ...started];
}

/** Dooms the stale idle instances that fresh ones have taken the place of. */
export function retireStale(world: World): string[] {
  const chosen = staleOf(world).slice(0, world.rules.planRetirement(factsOf(world)));
  for (const row of chosen) world.tables.doom(row, "superseded");
  return chosen.map(({ id }) => id);
}

function newInstance(world: World, plan: InstanceRow["plan"]): InstanceRow {
  return {
    id: world.newId("i"),
    generation: world.tables.pool.generation,
    state: "provisioning",
    stateSinceMs: world.nowMs,
    desired: "present",
    epoch: 0,
    readyEpoch: 0,
    urlEpoch: undefined,
    inboxId: undefined,
    endReason: undefined,
    plan,
    secretOf: new Map(),
    hasDataKey: true,
    createdMs: world.nowMs,
    launchedMs: [],
    reports: new Set(),
    reportedEnd: undefined,
    reportedExploded: false,
    faultedEpoch: 0,
  };
}

/** Dooms up to `count` idle instances, the oldest first. */
export function takeForDrain({ tables }: World, count: number): string[] {
  const chosen = idleOf(tables).slice(0, count);
  for (const row of chosen) tables.doom(row, "drained");
  return chosen.map(({ id }) => id);
}
