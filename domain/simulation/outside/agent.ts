import type { EndReason } from "../../instance-state.ts";
import { type Flow, sleep } from "../engine/scheduler.ts";
import type { World } from "../world.ts";
import type { Service } from "./compute.ts";
import { report } from "./gateway.ts";

const FOR_EVER_MS = 1e12;
/** Between two things that happen to an agent by chance. */
const EVENTFUL_MS = 2 * 60_000;

/** One process of an agent, from its start on. It ends when this flow ends. */
export function* agentLife(world: World, service: Service): Flow<void> {
  const { process, volume, instanceId } = service;
  yield* sleep(world.random.between(3_000, 40_000));
  if (volume.tombstone) return yield* endItself(world, service, volume.tombstone);
  if (world.strikes(0.05)) return world.compute.crash(service);
  if (world.strikes(0.03)) yield* sleep(FOR_EVER_MS);
  if (world.strikes(0.03)) {
    yield* report(world, service, { kind: "fault" });
    yield* sleep(FOR_EVER_MS);
  }
  process.isReady = true;
  const isTaken = yield* report(world, service, { kind: "idle", inboxId: `inbox-${instanceId}` });
  if (!isTaken) return world.compute.crash(service);
  while (true) {
    yield* sleep(world.random.aroundMs(EVENTFUL_MS));
    if (volume.tombstone) return yield* endItself(world, service, volume.tombstone);
    if (world.isCalm) yield* sleep(FOR_EVER_MS);
    const fate = world.random.next();
    if (fate < 0.3) return world.compute.crash(service);
    if (fate < 0.4) {
      process.isHung = true;
      yield* sleep(world.random.between(10_000, 600_000));
      process.isHung = false;
    } else if (fate < 0.45) process.lies = true;
    else if (fate < 0.5) yield* report(world, service, { kind: "fault" });
    else if (fate < 0.7 && volume.claimId !== undefined) {
      const reason = world.random.pick(["exploded-by-member", "removed", "claim-expired"] as const);
      if (reason) return yield* endItself(world, service, reason);
    }
  }
}

/** The tombstone comes first, so that a crash anywhere ends here again. */
export function* endItself(world: World, service: Service, reason: EndReason): Flow<void> {
  const { volume, instanceId } = service;
  if (volume.tombstone === undefined) world.caused(instanceId, reason);
  volume.tombstone ??= reason;
  yield* report(world, service, { kind: "exploding", end: reason });
  yield* sleep(world.random.between(200, 5_000));
  volume.texts.clear();
  yield* report(world, service, { kind: "exploded", end: reason });
  world.compute.crash(service);
}
