import type { AuditedInvariant } from "../audit.ts";
import type { ClaimState } from "../claim-state.ts";
import { Checker } from "./invariants/checker.ts";
import { callers } from "./outside/callers.ts";
import { outages, terminations } from "./outside/chaos.ts";
import { explodeByOperator, operators, resume } from "./outside/operators.ts";
import { RULES, type Rules } from "./rules.ts";
import { Refused } from "./tables.ts";
import { reconcileSchedule } from "./workflows/reconcile.ts";
import { wakePool } from "./workflows/starts.ts";
import { World } from "./world.ts";

/** Steps within which everything has to come to rest once nothing fails any more. */
const MAX_CALM_STEPS = 100_000;
const UNSETTLED: readonly ClaimState[] = ["waiting", "bound", "pending"];

/** An invariant did not hold. Its message names the seed and the step and shows the last events. */
export class Breach extends Error {
  readonly invariant: AuditedInvariant | undefined;

  constructor(world: World, seed: number, invariant: AuditedInvariant | undefined, text: string) {
    super(`${text}\nSIMULATION_SEED=${seed}, step ${world.steps}\n${world.trace.tail}`);
    this.name = "Breach";
    this.invariant = invariant;
  }
}

export interface Summary {
  steps: number;
  /** Of all events: equal for equal runs. */
  digest: number;
  virtualHours: number;
  instances: number;
  claims: Readonly<Record<string, number>>;
}

/**
 * Runs `steps` events under faults, then lets everything come to rest and ends every instance; checks the invariants
 * after each event. Throws a `Breach`. Without `comesToRest` it stops after the faults.
 */
export function simulate(
  seed: number,
  steps: number,
  { rules = RULES, comesToRest = true }: { rules?: Rules; comesToRest?: boolean } = {},
): Summary {
  const world = new World(seed, rules);
  const run = new Run(world, seed);
  const { scheduler } = world;
  wakePool(world);
  scheduler.start("reconcile", (self) => reconcileSchedule(world, self));
  scheduler.start("callers", () => callers(world));
  scheduler.start("operators", () => operators(world));
  scheduler.start("terminations", () => terminations(world));
  scheduler.start("outages", () => outages(world));
  while (world.steps < steps) run.step();
  if (comesToRest) bringToRest(world, run);
  return summaryOf(world);
}

function bringToRest(world: World, run: Run): void {
  world.isCalm = true;
  for (const provider of world.providers.values()) provider.awayUntilMs = 0;
  world.compute.awayUntilMs = 0;
  world.tables.pool.claimsFailUntilMs = 0;
  // In the days that a claim may wait agents would be replaced for their age all the time.
  world.tables.pool.maxAgeMs = Number.POSITIVE_INFINITY;
  // Sometimes nobody resumes it: then the waiting claims are given up.
  if (world.random.chance(0.6)) resume(world);
  else world.tables.pool.pausedReason = "nobody resumes it";
  wakePool(world);
  run.until("every claim has ended or is live", () => isAtRest(world));

  world.tables.pool.target = 0;
  world.tables.pool.extra = 0;
  for (const { id, desired } of world.tables.instances.values())
    if (desired === "present") explodeByOperator(world, id);
  run.until("everything is gone", () => isCleanSlate(world));
}

class Run {
  readonly #world: World;
  readonly #seed: number;
  readonly #checker = new Checker();

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#seed = seed;
  }

  step(): void {
    const world = this.#world;
    world.steps += 1;
    try {
      const task = world.scheduler.step();
      if (!task) throw new Refused("nothing is left to happen");
      world.note(task.name);
    } catch (error) {
      if (error instanceof Refused)
        throw new Breach(world, this.#seed, undefined, `refused: ${error.message}`);
      throw error;
    }
    const found = this.#checker.look(world);
    if (found) throw new Breach(world, this.#seed, found.invariant, found.text);
  }

  until(what: string, isSo: () => boolean): void {
    const before = this.#world.steps;
    while (!isSo()) {
      if (this.#world.steps - before > MAX_CALM_STEPS)
        throw new Breach(this.#world, this.#seed, undefined, `it never comes to this: ${what}`);
      this.step();
    }
  }
}

function isAtRest({ tables }: World): boolean {
  return (
    [...tables.claims.values()].every(({ state }) => !UNSETTLED.includes(state)) &&
    [...tables.instances.values()].every(
      ({ state, desired }) => state === "exploded" || (desired === "present" && state !== "quarantined"),
    )
  );
}

/** Nothing is left but what an operator has given up. */
function isCleanSlate({ tables, providers, compute }: World): boolean {
  const abandoned = new Set(
    tables.resources.filter(({ outcome }) => outcome?.kind === "abandoned").map(({ name }) => name),
  );
  return (
    [...tables.instances.values()].every(({ state }) => state === "exploded") &&
    [...providers.values()].every(({ things }) =>
      [...things.values()].every(({ name }) => abandoned.has(name)),
    ) &&
    [...compute.services.keys()].every((name) => abandoned.has(name))
  );
}

function summaryOf(world: World): Summary {
  const claims: Record<string, number> = {};
  for (const { state } of world.tables.claims.values()) claims[state] = (claims[state] ?? 0) + 1;
  return {
    steps: world.steps,
    digest: world.trace.digest,
    virtualHours: Math.round(world.nowMs / 3_600_000),
    instances: world.tables.instances.size,
    claims,
  };
}
