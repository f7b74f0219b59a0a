import { type Flow, sleep } from "../engine/scheduler.ts";
import { fence } from "../registry/end.ts";
import { type Report, takeReport } from "../registry/reports.ts";
import { startExplode } from "../workflows/starts.ts";
import type { World } from "../world.ts";
import type { Service } from "./compute.ts";

const GATEWAY_LOST = 0.08;

/** An agent's report, repeated until it is answered. False when it may not report any more. */
export function* report(world: World, service: Service, said: Report): Flow<boolean> {
  const { instanceId, process } = service;
  process.sequence += 1;
  const { epoch, sequence } = process;
  while (true) {
    yield { ms: world.latencyMs() };
    if (world.strikes(GATEWAY_LOST)) {
      yield* sleep(world.random.between(500, 5_000));
      continue;
    }
    const taken = takeReport(world, instanceId, epoch, sequence, said);
    if (taken === "stale" || taken === "gone") return false;
    world.note(`agent ${instanceId} reports ${said.kind}`);
    yield { ms: world.latencyMs() };
    if (world.strikes(GATEWAY_LOST)) continue;
    wake(world, instanceId, said);
    return true;
  }
}

function wake(world: World, instanceId: string, said: Report): void {
  switch (said.kind) {
    case "exploding":
      fence(world, instanceId, said.end);
      startExplode(world, instanceId, said.end);
      break;
    case "joined":
    case "join-refused":
      world.wakeWorkflow(`claim/${said.claimId}`);
      break;
    case "idle":
    case "fault":
    case "exploded":
      world.wakeWorkflow(`instance/${instanceId}`);
  }
}
