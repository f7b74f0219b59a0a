import { PlatformError } from "../../errors.ts";
import type { EndReason } from "../../instance-state.ts";
import { type Flow, sleep } from "../engine/scheduler.ts";
import { nameOf } from "../registry/ledger.ts";
import type { World } from "../world.ts";
import { endItself } from "./agent.ts";
import { isAlive, type Service } from "./compute.ts";
import { report } from "./gateway.ts";

export interface Target {
  instanceId: string;
  urlEpoch: number | undefined;
}

const CALL_TIMEOUT_MS = 5_000;
const ANSWER_LOST = 0.05;
const ANSWERS_ANOTHER = 0.01;
const ADMISSION_MS = 4 * 60_000;

/** The agent that listens at the address that was read; it has to prove itself before it is told anything. */
function* reach(world: World, { instanceId, urlEpoch }: Target): Flow<Service> {
  yield { ms: world.latencyMs() };
  const service = world.compute.services.get(nameOf(instanceId));
  if (!service || !isAlive(service) || service.process.epoch !== urlEpoch)
    throw new PlatformError("agent-unreachable");
  if (service.process.isHung) {
    yield* sleep(CALL_TIMEOUT_MS);
    throw new PlatformError("agent-unreachable");
  }
  if (service.process.lies) throw new PlatformError("agent-unproven");
  return service;
}

export function* proveAgent(world: World, target: Target): Flow<void> {
  const { process } = yield* reach(world, target);
  yield { ms: world.latencyMs() };
  if (!process.isReady || world.strikes(ANSWER_LOST)) throw new PlatformError("agent-unreachable");
}

/** Hands the agent its claim. Idempotent by claim id; another claim is refused. */
export function* provisionAgent(
  world: World,
  target: Target,
  claimId: string,
  invite: string | undefined,
): Flow<"created" | "joined" | "pending"> {
  const service = yield* reach(world, target);
  const { volume, process } = service;
  const isAnothers = volume.claimId !== undefined && volume.claimId !== claimId;
  if (isAnothers || volume.tombstone || !process.isReady) throw new PlatformError("agent-refused");
  volume.claimId = claimId;
  volume.texts.add(claimId);
  if (invite !== undefined && volume.inviteAsked === undefined) askToJoin(world, service, claimId, invite);
  yield { ms: world.latencyMs() };
  if (world.strikes(ANSWER_LOST)) throw new PlatformError("ambiguous");
  if (world.strikes(ANSWERS_ANOTHER)) throw new PlatformError("agent-unproven");
  if (invite === undefined) return "created";
  if (volume.answer === "refused") throw new PlatformError("conversation-full");
  return volume.answer === "admitted" ? "joined" : "pending";
}

/** Tells the agent to end its part; its reports say how far it is. */
export function* explodeAgent(world: World, target: Target, reason: EndReason): Flow<void> {
  const service = yield* reach(world, target);
  if (service.volume.tombstone) return;
  service.volume.tombstone = reason;
  world.scheduler.start(`end of agent ${target.instanceId}`, () => endItself(world, service, reason));
}

function askToJoin(world: World, service: Service, claimId: string, invite: string): void {
  const { volume, instanceId } = service;
  volume.inviteAsked = invite;
  const joiners = world.joiners.get(invite) ?? new Set();
  world.joiners.set(invite, joiners.add(instanceId));
  world.note(`agent ${instanceId} asks to join ${invite}`);
  const isIgnored = world.random.chance(0.04);
  if (isIgnored) return;
  world.scheduler.start(
    `inviter of ${invite}`,
    function* () {
      if (world.compute.services.get(nameOf(instanceId)) !== service) return;
      volume.answer = world.random.chance(0.85) ? "admitted" : "refused";
      const kind = volume.answer === "admitted" ? "joined" : "join-refused";
      if (isAlive(service)) yield* report(world, service, { kind, claimId });
    },
    world.random.aroundMs(ADMISSION_MS),
  );
}
