import { HttpProblem } from "./json-http.ts";
import { parseSettings } from "./settings.ts";
import { StandInAgent } from "./stand-in-agent.ts";
import { memoryStore, type StateStore } from "./state-store.ts";

export interface HostedAgent {
  name: string;
  instanceId: string;
  epoch: number;
  state: "running" | "exited";
}

/** What a `LaunchSpec` is once it came by HTTP. */
interface HostedSpec {
  instanceId: string;
  name: string;
  epoch: number;
  generation: string;
  environment: Readonly<Record<string, string>>;
}
type Hosted = HostedAgent & { store: StateStore; agent: StandInAgent };

/** Agents of one process by instance id. Their state outlives a crash of the agent, not the host. */
export class HostedAgents {
  readonly #hosted = new Map<string, Hosted>();
  readonly #defaults: Readonly<Record<string, string | undefined>>;

  constructor(defaults: Readonly<Record<string, string | undefined>>) {
    this.#defaults = defaults;
  }

  /** As a compute driver's launch: the same epoch again changes nothing, a newer one replaces the older. */
  launch(spec: HostedSpec, instanceSecret: string): HostedAgent {
    const before = this.#hosted.get(spec.instanceId);
    if (before !== undefined && before.epoch > spec.epoch) throw new HttpProblem(409, "conflict");
    if (before?.epoch === spec.epoch && before.state === "running") return before;
    const settings = readSettings(spec.environment, this.#defaults);
    before?.agent.stop();
    const store = before?.store ?? memoryStore();
    const agent = new StandInAgent({
      ...settings,
      instanceId: spec.instanceId,
      epoch: spec.epoch,
      generation: spec.generation,
      instanceSecret,
      store,
      exit: () => {
        hosted.state = "exited";
      },
    });
    const { name, instanceId, epoch } = spec;
    const hosted: Hosted = { name, instanceId, epoch, state: "running", store, agent };
    this.#hosted.set(instanceId, hosted);
    agent.start();
    return hosted;
  }

  find(instanceId: string): HostedAgent | undefined {
    return this.#hosted.get(instanceId);
  }

  /** The agent, when it runs. */
  running(instanceId: string): StandInAgent | undefined {
    const hosted = this.#hosted.get(instanceId);
    return hosted?.state === "running" ? hosted.agent : undefined;
  }

  all(): readonly HostedAgent[] {
    return [...this.#hosted.values()];
  }

  crash(instanceId: string): void {
    const hosted = this.#hosted.get(instanceId);
    if (hosted === undefined) throw new HttpProblem(404, "not-found");
    hosted.agent.stop();
    hosted.state = "exited";
  }

  destroy(instanceId: string): void {
    this.#hosted.get(instanceId)?.agent.stop();
    this.#hosted.delete(instanceId);
  }

  stopAll(): void {
    for (const { agent } of this.#hosted.values()) agent.stop();
  }
}

function readSettings(
  environment: Readonly<Record<string, string>>,
  defaults: Readonly<Record<string, string | undefined>>,
): ReturnType<typeof parseSettings> {
  try {
    return parseSettings(environment, defaults);
  } catch {
    // Which variable is wrong is of no use to the machine that asks; 400 says it is the environment.
    throw new HttpProblem(400, "invalid-request");
  }
}
