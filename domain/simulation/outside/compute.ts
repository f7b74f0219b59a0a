import { PlatformError } from "../../errors.ts";
import type { EndReason } from "../../instance-state.ts";
import { type Flow, sleep, type Task } from "../engine/scheduler.ts";
import { nameOf } from "../registry/ledger.ts";
import type { World } from "../world.ts";
import { agentLife } from "./agent.ts";
import { giveUpAtTimes } from "./operators.ts";
import { change, read } from "./request.ts";

/** What an agent keeps across its starts. */
export interface Volume {
  claimId: string | undefined;
  /** The claims whose texts it was ever given. */
  texts: Set<string>;
  inviteAsked: string | undefined;
  answer: "admitted" | "refused" | undefined;
  tombstone: EndReason | undefined;
}

export interface AgentProcess {
  epoch: number;
  task: Task | undefined;
  isListening: boolean;
  isHung: boolean;
  lies: boolean;
  isReady: boolean;
  sequence: number;
}

export interface Service {
  id: string;
  instanceId: string;
  /** As the ledger calls it. */
  place: string;
  volume: Volume;
  process: AgentProcess;
}

export type Observation = { state: "running" | "exited"; epoch: number } | { state: "absent" };

/** Where agents run: one service of each name, whose volume outlives its process until it is destroyed. */
export class Compute {
  readonly services = new Map<string, Service>();
  awayUntilMs = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Resolves with the service's id when the agent listens. */
  *launch(instanceId: string, epoch: number): Flow<string> {
    const service = yield* change(this.#world, this.awayUntilMs, () => this.#begin(instanceId, epoch));
    if (!service) throw new PlatformError("conflict", { detail: "a later epoch was launched already" });
    yield* sleep(this.#world.random.between(500, 4_000));
    return service.id;
  }

  observe(instanceId: string): Flow<Observation> {
    return read(this.#world, this.awayUntilMs, () => {
      const service = this.services.get(nameOf(instanceId));
      if (!service) return { state: "absent" };
      return { state: isAlive(service) ? "running" : "exited", epoch: service.process.epoch };
    });
  }

  /** Makes process and volume absent, and reads that back. */
  *destroy(instanceId: string): Flow<void> {
    const name = nameOf(instanceId);
    yield* change(this.#world, this.awayUntilMs, () => {
      const service = this.services.get(name);
      if (service) this.#stop(service);
      this.services.delete(name);
    });
    if ((yield* this.observe(instanceId)).state !== "absent")
      throw new PlatformError("ambiguous", { detail: `${name} is there again` });
  }

  /** The names of what runs. */
  list(): Flow<ReadonlySet<string>> {
    return read(
      this.#world,
      this.awayUntilMs,
      () => new Set([...this.services].filter(([, service]) => isAlive(service)).map(([name]) => name)),
    );
  }

  /** Its process ends; what is watched for exits is mostly seen at once. */
  crash(service: Service): void {
    const world = this.#world;
    this.#stop(service);
    world.note(`the process of ${service.instanceId} exited`);
    if (!world.strikes(0.2)) world.wakeWorkflow(`instance/${service.instanceId}`);
    giveUpAtTimes(world, service.instanceId);
  }

  #begin(instanceId: string, epoch: number): Service | undefined {
    const world = this.#world;
    const name = nameOf(instanceId);
    const found = this.services.get(name);
    if (found && found.process.epoch > epoch) return undefined;
    if (found && found.process.epoch === epoch && isAlive(found)) return found;
    if (found) this.#stop(found);
    const process: AgentProcess = {
      epoch,
      task: undefined,
      isListening: true,
      isHung: false,
      lies: false,
      isReady: false,
      sequence: 0,
    };
    const place = `compute/service/${name}`;
    const service = found ?? { id: world.newId("s"), instanceId, place, volume: emptyVolume(), process };
    service.process = process;
    this.services.set(name, service);
    process.task = world.scheduler.start(`agent ${instanceId} epoch ${epoch}`, () =>
      agentLife(world, service),
    );
    return service;
  }

  #stop({ process }: Service): void {
    process.isListening = false;
    if (process.task) this.#world.scheduler.end(process.task);
  }
}

export const isAlive = ({ process }: Service): boolean => process.isListening;

const emptyVolume = (): Volume => ({
  claimId: undefined,
  texts: new Set(),
  inviteAsked: undefined,
  answer: undefined,
  tombstone: undefined,
});
