import { loseSight } from "../engine/activity.ts";
import { type Flow, sleep } from "../engine/scheduler.ts";
import type { World } from "../world.ts";

const TERMINATION_MS = 30_000;
const OUTAGE_MS = 6 * 60_000;

/** Terminates workflows, of which an activity under way may go on. */
export function* terminations(world: World): Flow<void> {
  while (true) {
    yield* sleep(world.random.aroundMs(TERMINATION_MS));
    if (world.isCalm) return;
    const running = [...world.workflows].filter(([, task]) => !task.isOver);
    const [id, task] = world.random.pick(running) ?? [];
    if (!task) continue;
    world.note(`${id} is terminated`);
    for (const { inFlight, name } of [task, ...task.children].filter(({ isOver }) => !isOver)) {
      if (inFlight) loseSight(world, name, inFlight.body, inFlight.pause);
    }
    world.scheduler.end(task);
  }
}

/** A provider is away for a while. */
export function* outages(world: World): Flow<void> {
  while (true) {
    yield* sleep(world.random.aroundMs(OUTAGE_MS));
    if (world.isCalm) return;
    const provider = world.random.pick([...world.providers.values(), world.compute]);
    if (provider) provider.awayUntilMs = world.nowMs + world.random.between(5_000, 300_000);
    if (world.strikes(0.2)) world.tables.pool.claimsFailUntilMs = world.nowMs + 120_000;
    world.note("a provider is away");
  }
}
