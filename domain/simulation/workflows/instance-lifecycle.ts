import { PlatformError } from "../../errors.ts";
import type { EndReason } from "../../instance-state.ts";
import { LIMITS } from "../../limits.ts";
import { activity } from "../engine/activity.ts";
import { type Flow, sleep, type Task } from "../engine/scheduler.ts";
import { proveAgent } from "../outside/agent-client.ts";
import { fence, ONLY_FROM } from "../registry/end.ts";
import { handOver, moveInstance } from "../registry/instances.ts";
import { noteStartFailure, noteStartSuccess } from "../registry/start-outcomes.ts";
import type { World } from "../world.ts";
import { equip } from "./equip.ts";
import { launchInstance } from "./launch.ts";
import { observeInstance } from "./observe.ts";
import { LAUNCH, OFTEN, PROVE } from "./retries.ts";
import { startExplode, wakePool } from "./starts.ts";

const BOUNDS = {
  maxStartsPerHour: LIMITS.restartMaxPerHour,
  readyDeadlineMs: 4 * 60_000,
  expiryGraceMs: 60_000,
};
const REST_MS = 30 * 60_000;
const COOL_DOWN_MS = 10 * 60_000;
const UNPROVEN_MS = 15_000;

/** One instance, from its first resource to its end; shaped like `workflows/instance-lifecycle.ts`. */
export function* lifecycleWorkflow(world: World, self: Task, id: string): Flow<void> {
  let unprovenEpoch = 0;
  while (true) {
    const seen = self.wakes;
    const changed = () => self.wakes > seen;
    const facts = yield* activity(world, self, OFTEN, () => observeInstance(world, id));
    const known = { ...facts, unprovenEpoch, suspected: false, expiresInMs: undefined };
    const action = world.rules.nextLifecycleAction(known, BOUNDS);
    switch (action.do) {
      case "end":
        return;
      case "provision":
        yield* orExplode(world, self, id, function* () {
          yield* equip(world, self, id);
          yield* activity(world, self, LAUNCH, () => launchInstance(world, id, facts.epoch));
        });
        break;
      case "launch":
        if (!(yield* succeeds(activity(world, self, LAUNCH, () => launchInstance(world, id, action.after)))))
          yield { ms: COOL_DOWN_MS, until: changed };
        break;
      case "await-ready":
        yield { ms: action.remainingMs, until: changed };
        break;
      case "prove":
        if (action.next === "hand-over")
          yield* orExplode(world, self, id, function* () {
            yield* activity(world, self, PROVE, () => proveReady(world, id));
            yield* activity(world, self, OFTEN, () => handOverInstance(world, id));
          });
        else if (yield* succeeds(activity(world, self, PROVE, () => proveReady(world, id))))
          yield* activity(world, self, OFTEN, () => markRecovered(world, id));
        else {
          unprovenEpoch = facts.epoch;
          yield { ms: UNPROVEN_MS, until: changed };
        }
        break;
      case "equip":
        yield* succeeds(equip(world, self, id));
        break;
      case "credit":
      case "probe":
      case "rest":
        yield { ms: REST_MS, until: changed };
        break;
      case "cool-down":
        yield { ms: COOL_DOWN_MS, until: changed };
        break;
      case "explode": {
        const { reason } = action;
        if (yield* activity(world, self, OFTEN, () => explodeInstance(world, id, reason))) return;
      }
    }
  }
}

function* succeeds(step: Flow<unknown>): Flow<boolean> {
  try {
    yield* step;
    return true;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return false;
  }
}

/** An instance that cannot be made ready is given up while nobody has it. */
function* orExplode(world: World, self: Task, id: string, step: () => Flow<void>): Flow<void> {
  if (!(yield* succeeds(step())))
    yield* activity(world, self, OFTEN, () => explodeInstance(world, id, "never-ready"));
}

function* proveReady(world: World, id: string): Flow<void> {
  const { urlEpoch } = world.tables.instance(id);
  yield* proveAgent(world, { instanceId: id, urlEpoch });
}

function* handOverInstance(world: World, id: string): Flow<void> {
  const claimId = handOver(world, id);
  yield { ms: world.latencyMs() };
  noteStartSuccess(world, id);
  if (claimId !== undefined) world.wakeWorkflow(`claim/${claimId}`);
  wakePool(world);
}

function* markRecovered(world: World, id: string): Flow<void> {
  moveInstance(world, id, "claimed");
  yield* sleep(world.latencyMs());
  const claim = world.tables.activeClaimOf(id);
  if (claim) world.wakeWorkflow(`claim/${claim.id}`);
}

function* explodeInstance(world: World, id: string, reason: EndReason): Flow<boolean> {
  // Without the check it acts on what it saw a while ago.
  if (!world.rules.endsOnlyUnclaimed) yield { ms: world.random.between(0, 20_000) };
  const isFenced = fence(world, id, reason, ONLY_FROM[reason]);
  yield { ms: world.latencyMs() };
  if (isFenced && reason === "never-ready") noteStartFailure(world, id);
  if (world.tables.instance(id).desired === "present") return false;
  startExplode(world, id, reason);
  return true;
}
