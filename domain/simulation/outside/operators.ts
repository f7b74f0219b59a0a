import { type Flow, sleep } from "../engine/scheduler.ts";
import { fence } from "../registry/end.ts";
import { beginRelease, settle } from "../registry/ledger.ts";
import { takeForDrain } from "../registry/pool.ts";
import { startExplode, wakePool } from "../workflows/starts.ts";
import type { World } from "../world.ts";

const BETWEEN_MS = 20_000;
const COMMAND_LOST = 0.05;

/** People who run the platform: they change the pool, explode instances and give resources up. */
export function* operators(world: World): Flow<void> {
  while (true) {
    yield* sleep(world.random.aroundMs(BETWEEN_MS));
    if (world.isCalm) return;
    world.random.pick(COMMANDS)?.(world);
    if (!world.strikes(COMMAND_LOST)) wakePool(world);
  }
}

const COMMANDS: readonly ((world: World) => void)[] = [
  setTarget,
  setTarget,
  pauseOrResume,
  resume,
  replenish,
  rollOut,
  drain,
  explodeOne,
  explodeOne,
  abandonOne,
];

function setTarget({ tables, random }: World): void {
  tables.pool.target = random.between(0, 6);
}

function pauseOrResume({ tables: { pool } }: World): void {
  pool.pausedReason = pool.pausedReason === undefined ? "an operator" : undefined;
}

export function resume({ tables: { pool } }: World): void {
  pool.pausedReason = undefined;
  pool.failuresInARow = 0;
  pool.rolloutFailures = 0;
  pool.retryAfterMs = 0;
}

function replenish({ tables: { pool }, random }: World): void {
  pool.extra += random.between(1, 3);
}

function rollOut({ tables: { pool } }: World): void {
  pool.generation += 1;
  pool.isRollingOut = true;
  pool.rolloutFailures = 0;
}

function drain(world: World): void {
  for (const id of takeForDrain(world, world.random.between(1, 3)))
    unlessLost(world, () => startExplode(world, id, "drained"));
}

/** Some do not wait until a dead agent has been started again. */
export function giveUpAtTimes(world: World, id: string): void {
  if (!world.strikes(0.15) || world.tables.instance(id).desired === "absent") return;
  const afterMs = world.random.between(100, 4_000);
  world.scheduler.later("somebody gives up", afterMs, () => explodeByOperator(world, id));
}

function explodeOne(world: World): void {
  const left = [...world.tables.instances.values()].filter(({ desired }) => desired === "present");
  const one = world.random.chance(0.5) ? left.at(-1) : world.random.pick(left);
  if (one) explodeByOperator(world, one.id);
}

export function explodeByOperator(world: World, id: string): void {
  world.caused(id, "operator");
  fence(world, id, "operator");
  unlessLost(world, () => startExplode(world, id, "operator"));
}

/** Only of what is being ended, and seldom: its provider does not let go. */
function abandonOne(world: World): void {
  const stuck = world.tables.resources.filter(({ state }) => state === "releasing");
  const one = world.strikes(0.2) ? world.random.pick(stuck) : undefined;
  if (!one) return;
  beginRelease(world, one.id);
  settle(world, one.id, { kind: "abandoned", reason: "an operator" });
}

/** What comes after the transaction may be lost with the process that was to do it. */
function unlessLost(world: World, act: () => void): void {
  if (!world.strikes(COMMAND_LOST)) world.scheduler.later("an operator's command", world.latencyMs(), act);
}
