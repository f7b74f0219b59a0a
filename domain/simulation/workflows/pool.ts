import { activity } from "../engine/activity.ts";
import { type Flow, sleep, type Task } from "../engine/scheduler.ts";
import { planPool, retireStale } from "../registry/pool.ts";
import type { World } from "../world.ts";
import { OFTEN } from "./retries.ts";
import { startExplode, startLifecycle } from "./starts.ts";

const PERIOD_MS = 30_000;
const COALESCE_MS = 200;
const SECOND_LOOK_MS = 1_200;

/** Keeps the pool full; shaped like `workflows/pool.ts`. */
export function* poolWorkflow(world: World, self: Task): Flow<void> {
  let wasWoken = true;
  while (true) {
    const seen = self.wakes;
    const ids = yield* activity(world, self, OFTEN, () => planPool(world));
    if (ids.length > 0) yield* activity(world, self, OFTEN, () => startInstances(world, ids));
    yield* activity(world, self, OFTEN, () => retire(world));
    const ms: number = wasWoken ? SECOND_LOOK_MS : world.periodMs(PERIOD_MS);
    wasWoken = yield { ms, until: () => self.wakes > seen };
    yield* sleep(COALESCE_MS);
  }
}

function* startInstances(world: World, ids: readonly string[]): Flow<void> {
  for (const id of ids) {
    startLifecycle(world, id);
    yield { ms: world.latencyMs() };
  }
}

function* retire(world: World): Flow<void> {
  const ids = retireStale(world);
  yield { ms: world.latencyMs() };
  for (const id of ids) startExplode(world, id, "superseded");
}
