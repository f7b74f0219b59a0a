import { PlatformError } from "../../errors.ts";
import { type Flow, sleep } from "../engine/scheduler.ts";
import { endClaim, loadDelivery } from "../registry/claims.ts";
import { type ClaimRequest, type Intake, intakeClaim } from "../registry/intake.ts";
import { deliverToAgent } from "../workflows/deliver-to-agent.ts";
import { startClaim, startExplode, wakePool } from "../workflows/starts.ts";
import type { World } from "../world.ts";

/** Some runs are starved of agents, in others they idle. */
const ARRIVAL_MS = [6_000, 20_000, 60_000];
const BURST = 0.1;
const BURST_SIZE = 4;
const DISTINCT_KEYS = 60;
const DISTINCT_INVITES = 12;
const HEAD_START_MS = 1_000;
const GATEWAY_DIES = 0.05;

/** People and programs that claim agents; few distinct keys and invites, so that they meet. */
export function* callers(world: World): Flow<void> {
  const arrivalMs = world.random.pick(ARRIVAL_MS) ?? 0;
  while (true) {
    yield* sleep(world.random.aroundMs(arrivalMs));
    if (world.isCalm) return;
    if (world.strikes(BURST)) for (let one = 0; one < BURST_SIZE; one++) arrive(world, newRequest(world));
    else arrive(world, newRequest(world));
  }
}

/** Some are sent twice. */
function arrive(world: World, request: ClaimRequest): void {
  const times = world.strikes(0.2) ? 2 : 1;
  for (let time = 0; time < times; time++)
    world.scheduler.start(
      `caller of ${request.key}`,
      () => claimOnce(world, request),
      world.random.between(0, 50),
    );
}

function newRequest(world: World): ClaimRequest {
  const { random } = world;
  const key = random.between(1, DISTINCT_KEYS);
  return {
    key: `key-${key}`,
    body: random.chance(0.05) ? "another" : "same",
    // A key goes with one invite, as the same body does.
    invite: key % 3 === 0 ? `invite-${key % DISTINCT_INVITES}` : undefined,
    onEmpty: random.chance(0.2) ? "reject" : "wait",
  };
}

function* claimOnce(world: World, request: ClaimRequest): Flow<void> {
  if (world.isCalm) return;
  let intake: Intake;
  try {
    intake = yield* intakeClaim(world, request);
  } catch (error) {
    // Refused, and nothing is held.
    if (!(error instanceof PlatformError)) throw error;
    return;
  }
  if (intake.created && !world.strikes(GATEWAY_DIES)) serve(world, intake, request.invite !== undefined);
  if (world.strikes(0.12)) yield* cancelLater(world, intake.claim.id);
}

/** What the gateway sets off for a new claim: it delivers once itself, then starts the workflow. */
function serve(world: World, { claim, instance }: Intake, isJoin: boolean): void {
  if (instance && !isJoin)
    world.scheduler.start(`gateway delivers ${claim.id}`, () => deliverAtOnce(world, claim.id));
  const afterMs = instance ? world.random.between(5, HEAD_START_MS) : 5;
  world.scheduler.later(`gateway starts ${claim.id}`, afterMs, () => {
    startClaim(world, claim.id);
    wakePool(world);
    if (instance) world.wakeWorkflow(`instance/${instance.id}`);
  });
}

function* deliverAtOnce(world: World, id: string): Flow<void> {
  const delivery = loadDelivery(world, id);
  if (delivery?.state !== "bound") return;
  try {
    yield* deliverToAgent(world, id, delivery);
  } catch (error) {
    // What does not work at the first try is left to the workflow.
    if (!(error instanceof PlatformError)) throw error;
  }
}

function* cancelLater(world: World, id: string): Flow<void> {
  yield* sleep(world.random.aroundMs(60_000));
  const { ended, instanceId, reason } = endClaim(world, id, { state: "cancelled" });
  yield { ms: world.latencyMs() };
  if (world.strikes(GATEWAY_DIES)) return;
  if (instanceId !== undefined) startExplode(world, instanceId, reason);
  if (ended) world.wakeWorkflow(`claim/${id}`);
}
