import { setTimeout as delay } from "node:timers/promises";
import { AGENT_PATHS } from "../../../domain/agent-protocol.ts";
import { PlatformError } from "../../../domain/errors.ts";
import type { InstanceId, ResourceName } from "../../../domain/ids.ts";
import type { LaunchSpec } from "../../../domain/launch-spec.ts";
import type { ResourceOutcome } from "../../../domain/resource-state.ts";
import {
  type ComputeDriver,
  type InventoryItem,
  type Launched,
  type LaunchGrant,
  type Observation,
  requireKind,
} from "../driver.ts";
import type { ExitedInstance, ExitSource } from "../watch-exits.ts";
import { type Container, ContainerEngine, type DaemonAddress } from "./container-engine.ts";
import { AGENT_PORT, type ContainerLimits, createBody, DEFAULT_LIMITS } from "./create-body.ts";
import {
  environmentLabels,
  epochIn,
  instanceIn,
  instanceLabels,
  launchLabels,
  requireOwn,
} from "./labels.ts";
import { Serial } from "./serial.ts";

export interface DockerDriverOptions {
  /** The daemon is on this machine: agents are reached on 127.0.0.1. */
  daemon: DaemonAddress;
  /** The platform's environment, which labels all that is made; nothing of another one is ever seen or touched. */
  environment: string;
  /** `<repository>@sha256:<digest>`, or the id of an image that was built here (`sha256:<id>`). */
  image: string;
  /** Replaces the image's own command. */
  command?: readonly string[];
  limits?: Partial<ContainerLimits>;
  /** User id of the model's gateway in every container. */
  gatewayUid?: number;
  /** Whether Docker's init is pid 1 and reaps processes; true when not given, false for an image that brings its own. */
  init?: boolean;
  /** From the start of the container until the agent answers. */
  launchTimeoutMs: number;
  /** For one try of a launch to pull a missing image; 45 s when not given. `pullImage` may take longer. */
  pullTimeoutMs?: number;
}

const IMAGE = /^(?:([a-z0-9][a-z0-9._:/-]*)@)?(sha256:[0-9a-f]{64})$/;
const PULL_TIMEOUT_MS = 45_000;
const STOP_GRACE_MS = 10_000;
const REMOVAL_TIMEOUT_MS = 15_000;
const POLL_MS = 100;
const HEALTH_TIMEOUT_MS = 2_000;

/**
 * Agents as containers of a Docker daemon, each with a volume, both named as the instance's resources are. A container
 * is made anew for each epoch, with a new bootstrap token.
 */
export class DockerDriver implements ComputeDriver, ExitSource {
  readonly kind = "docker";
  readonly resourceKinds = ["volume", "container"];
  readonly #options: DockerDriverOptions;
  readonly #engine: ContainerEngine;
  readonly #serial = new Serial();

  constructor(options: DockerDriverOptions) {
    if (!IMAGE.test(options.image)) throw new RangeError("the agent's image is not named by its digest");
    this.#options = options;
    this.#engine = new ContainerEngine(options.daemon);
  }

  async launch(spec: LaunchSpec, grant: LaunchGrant): Promise<Launched> {
    await this.pullImage(this.#options.pullTimeoutMs ?? PULL_TIMEOUT_MS);
    await this.#serial.run(spec.name, () => this.#ensureRunning(spec, grant));
    const url = await this.#untilListening(spec);
    return { url, externalIds: { volume: spec.name, container: spec.name } };
  }

  async observe(instanceId: InstanceId, name: ResourceName): Promise<Observation> {
    const container = await this.#find(instanceId, name);
    if (!container) return { state: "absent" };
    const epoch = epochIn(container.labels);
    // One that is paused or was never started does not run either; the next launch replaces it.
    if (container.status !== "running") return { state: "exited", epoch, externalId: name };
    const url = urlOf(container);
    if (!url) throw new PlatformError("transient", { detail: `${name} has no published port yet` });
    return { state: "running", epoch, url, externalId: name };
  }

  async destroy(instanceId: InstanceId, name: ResourceName, kind: string): Promise<ResourceOutcome> {
    requireKind(this, kind);
    await this.#serial.run(name, async () => {
      if (kind === "volume") return this.#removeVolume(instanceId, name);
      const container = await this.#find(instanceId, name);
      if (container) await this.#remove(container, name);
    });
    return { kind: "absent" };
  }

  async list(namePrefix: string): Promise<readonly InventoryItem[]> {
    const labels = environmentLabels(this.#options.environment);
    const volumes = (await this.#engine.volumes(labels)).map((name) => {
      return { kind: "volume", name, externalId: name, running: false };
    });
    const containers = (await this.#engine.containers(labels)).map(({ name, status }) => {
      return { kind: "container", name, externalId: name, running: status === "running" };
    });
    return [...volumes, ...containers].filter(({ name }) => name.startsWith(namePrefix));
  }

  async exited(): Promise<readonly ExitedInstance[]> {
    const containers = await this.#engine.containers(environmentLabels(this.#options.environment));
    return containers.flatMap(({ labels, status }) => {
      const instanceId = instanceIn(labels);
      const ended = status === "exited" || status === "dead";
      return ended && instanceId ? [{ instanceId, epoch: epochIn(labels) }] : [];
    });
  }

  /** Pulls the agent's image when it is missing; for a worker to do before the first launch, whose time it would take. */
  async pullImage(timeoutMs: number): Promise<void> {
    const { image } = this.#options;
    if (await this.#engine.hasImage(image)) return;
    const [, repository, digest] = IMAGE.exec(image) ?? [];
    if (!repository || !digest)
      throw new PlatformError("invalid", { detail: "the agent's image is not on this machine" });
    await this.#engine.pull(repository, digest, timeoutMs);
    // A stream that breaks off ends like one that is complete.
    if (!(await this.#engine.hasImage(image)))
      throw new PlatformError("transient", { detail: "the agent's image is not here after its pull" });
  }

  async #ensureRunning(spec: LaunchSpec, grant: LaunchGrant): Promise<void> {
    const { instanceId, name } = spec;
    const present = await this.#find(instanceId, name);
    if (present) {
      requireNotLater(present, spec);
      if (epochIn(present.labels) === spec.epoch && present.status === "running") return;
      // One of this epoch that ended or was never started has a token that is used or too old.
      if (present.status === "running") await this.#engine.stopContainer(present.id, STOP_GRACE_MS);
      await this.#remove(present, name);
    }
    await this.#ensureVolume(instanceId, name);
    const made = await this.#engine.createContainer(name, await this.#bodyOf(spec, grant));
    if (!made) {
      const other = await this.#find(instanceId, name);
      if (other) requireNotLater(other, spec);
      throw new PlatformError("transient", { detail: `another launch of ${name} is under way` });
    }
    await this.#engine.startContainer(name);
  }

  async #bodyOf(spec: LaunchSpec, grant: LaunchGrant) {
    const { environment, image, command, limits, gatewayUid, init } = this.#options;
    return createBody({
      spec,
      image,
      command,
      labels: launchLabels(environment, spec),
      volumeLabels: instanceLabels(environment, spec.instanceId),
      limits: { ...DEFAULT_LIMITS, ...limits },
      gatewayUid,
      init: init ?? true,
      bootstrapToken: await grant.issueBootstrapToken(),
    });
  }

  async #untilListening({ instanceId, name, epoch }: LaunchSpec): Promise<string> {
    const deadline = Date.now() + this.#options.launchTimeoutMs;
    while (Date.now() < deadline) {
      const container = await this.#find(instanceId, name);
      if (container?.status !== "running" || epochIn(container.labels) !== epoch) {
        const how = container ? `${container.status}, exit code ${container.exitCode}` : "absent";
        throw new PlatformError("transient", { detail: `${name} did not come to listen: ${how}` });
      }
      const url = urlOf(container);
      if (url && (await answers(url))) return url;
      await delay(POLL_MS);
    }
    throw new PlatformError("transient", { detail: `${name} did not listen in time` });
  }

  async #find(instanceId: InstanceId, name: ResourceName): Promise<Container | undefined> {
    const container = await this.#engine.container(name);
    if (container) requireOwn(container.labels, this.#options.environment, instanceId, "container");
    return container;
  }

  /** Its name is free when it is gone, not before. */
  async #remove({ id }: Container, name: ResourceName): Promise<void> {
    await this.#engine.removeContainer(id);
    const deadline = Date.now() + REMOVAL_TIMEOUT_MS;
    while ((await this.#engine.container(id)) !== undefined) {
      if (Date.now() > deadline)
        throw new PlatformError("transient", { detail: `the container of ${name} is still being removed` });
      await delay(POLL_MS);
    }
    if ((await this.#engine.container(name)) !== undefined)
      throw new PlatformError("ambiguous", { detail: `the container of ${name} is there again` });
  }

  async #ensureVolume(instanceId: InstanceId, name: ResourceName): Promise<void> {
    const { environment } = this.#options;
    const labels = instanceLabels(environment, instanceId);
    if (!(await this.#engine.volume(name))) await this.#engine.createVolume(name, labels);
    const volume = await this.#engine.volume(name);
    if (!volume) throw new PlatformError("transient", { detail: `the volume of ${name} cannot be read yet` });
    requireOwn(volume.labels, environment, instanceId, "volume");
  }

  async #removeVolume(instanceId: InstanceId, name: ResourceName): Promise<void> {
    const volume = await this.#engine.volume(name);
    if (!volume) return;
    requireOwn(volume.labels, this.#options.environment, instanceId, "volume");
    await this.#engine.removeVolume(name);
    if (await this.#engine.volume(name))
      throw new PlatformError("ambiguous", { detail: `the volume of ${name} is there again` });
  }
}

function requireNotLater({ labels }: Container, { epoch }: LaunchSpec): void {
  const launched = epochIn(labels);
  if (launched > epoch)
    throw new PlatformError("conflict", { detail: `epoch ${launched} was launched already` });
}

function urlOf({ hostPorts }: Container): string | undefined {
  const port = hostPorts.get(AGENT_PORT);
  return port === undefined ? undefined : `http://127.0.0.1:${port}`;
}

/** A published port takes connections before anybody listens behind it; an answer comes from the agent alone. */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url + AGENT_PATHS.health, {
      signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return true;
  } catch {
    // Refused, reset or silent: nobody listens yet.
    return false;
  }
}
