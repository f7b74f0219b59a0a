import { PlatformError } from "../../../domain/errors.ts";
import type { InstanceId, ResourceName } from "../../../domain/ids.ts";
import type { LaunchSpec } from "../../../domain/launch-spec.ts";
import type { ResourceOutcome } from "../../../domain/resource-state.ts";
import type { RailwayClient } from "../../railway/client.ts";
import {
  type ComputeDriver,
  type InventoryItem,
  type Launched,
  type LaunchGrant,
  type Observation,
  requireKind,
} from "../driver.ts";
import { AgentProjects } from "./agent-projects.ts";
import { ensureParts, type Parts } from "./ensure-parts.ts";
import type { Estate } from "./estate.ts";
import { listInventory } from "./inventory.ts";
import { type ContainerOptions, launchPatch, refuseSecrets } from "./launch-patch.ts";
import { Memory } from "./memory.ts";
import { removeKind } from "./removal.ts";
import { type RunState, runStateOf } from "./run-state.ts";
import { Serial } from "./serial.ts";
import { SYSTEM_TIME, type Time } from "./time.ts";

export interface RailwayDriverOptions extends ContainerOptions {
  client: RailwayClient;
  /** For how long reads may not show what was made; 30 s when not given. */
  settleMs?: number;
  time?: Time;
  /** `https://<domain>` when not given. */
  urlOfDomain?: (domain: string) => string;
}

const SETTLE_MS = 30_000;

/**
 * Agents at Railway, each in a project of its own with one service, one volume and one domain, all found by name. An
 * epoch is one atomic patch. A launch ends when the provider has taken it: whether the agent listens, its own answer
 * tells. Launch and destroy may wait for up to two settle windows, observe never does.
 */
export class RailwayDriver implements ComputeDriver {
  readonly kind = "railway";
  readonly resourceKinds = ["project", "service", "volume", "domain"];
  readonly #options: RailwayDriverOptions;
  readonly #client: RailwayClient;
  readonly #time: Time;
  readonly #settleMs: number;
  readonly #urlOfDomain: (domain: string) => string;
  readonly #memory = new Memory();
  readonly #serial = new Serial();
  readonly #projects: AgentProjects;

  constructor(options: RailwayDriverOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#settleMs = options.settleMs ?? SETTLE_MS;
    this.#urlOfDomain = options.urlOfDomain ?? ((domain) => `https://${domain}`);
    this.#projects = new AgentProjects(this.#client, this.#memory, this.#time, this.#settleMs);
  }

  launch(spec: LaunchSpec, grant: LaunchGrant): Promise<Launched> {
    return this.#serial.run(spec.name, async () => {
      const project = await this.#projects.ensure(spec.name);
      const parts = await ensureParts(this.#context(), spec.name, project);
      const run = this.#runOf(spec.name, parts.state);
      if (run !== undefined && run.epoch > spec.epoch)
        throw new PlatformError("conflict", { detail: `epoch ${run.epoch} was launched already` });
      if (run?.epoch !== spec.epoch || run.state === "exited") await this.#deploy(spec, grant, parts);
      const { service, volumeId, domain } = parts;
      const externalIds = {
        project: service.projectId,
        service: service.serviceId,
        volume: volumeId,
        domain: domain.id,
      };
      return { url: this.#urlOfDomain(domain.domain), externalIds };
    });
  }

  async observe(_instanceId: InstanceId, name: ResourceName): Promise<Observation> {
    const estate = await this.#projects.one(name);
    if (estate === undefined) {
      if ((await this.#projects.absenceMs(name)) === 0) return { state: "absent" };
      throw new PlatformError("transient", {
        detail: `${name} is not listed; one more look has to prove it`,
      });
    }
    const { projectId, environmentId, serviceId } = estate;
    if (serviceId === undefined) return this.#neverRan(estate, projectId);
    const state = await this.#client
      .serviceState({ projectId, environmentId, serviceId })
      .catch(async (error: unknown) => {
        throw await this.#projects.explain(error);
      });
    const run = this.#runOf(name, state);
    if (run === undefined) return this.#neverRan(estate, serviceId);
    const { epoch } = run;
    if (run.state === "exited") return { state: "exited", epoch, externalId: serviceId };
    const [domain] = state.domains;
    if (domain === undefined) throw new PlatformError("transient", { detail: `${name} shows no domain` });
    return { state: "running", epoch, url: this.#urlOfDomain(domain.domain), externalId: serviceId };
  }

  destroy(_instanceId: InstanceId, name: ResourceName, kind: string): Promise<ResourceOutcome> {
    return this.#serial.run(name, async () => {
      requireKind(this, kind);
      const estates = await this.#find(name);
      if (estates.length === 0) return { kind: "absent" };
      const outcome = await removeKind(this.#context(), kind, name, estates);
      if (kind === "project") {
        this.#memory.forget(name);
        this.#memory.note(name, { missingSinceMs: this.#time.now() });
      }
      return outcome;
    });
  }

  list(namePrefix: string): Promise<readonly InventoryItem[]> {
    return listInventory(this.#client, this.#projects, namePrefix);
  }

  async #deploy(spec: LaunchSpec, grant: LaunchGrant, { service, state }: Parts): Promise<void> {
    const patch = launchPatch(this.#options, spec, {
      bootstrapToken: await grant.issueBootstrapToken(),
      replaces: state.deployment?.id,
      now: new Date(this.#time.now()),
    });
    refuseSecrets(patch, grant.secrets);
    await this.#client.commitPatch(service, patch, `epoch ${spec.epoch}`);
    this.#memory.note(spec.name, { committed: { epoch: spec.epoch, atMs: this.#time.now() } });
  }

  /** Throws while reads still show what was before this process's own last patch. */
  #runOf(name: string, state: Parts["state"]): RunState | undefined {
    const run = runStateOf(state, this.#time.now(), this.#settleMs);
    const { committed } = this.#memory.of(name);
    const isRecent = committed !== undefined && this.#time.now() - committed.atMs < this.#settleMs;
    if (isRecent && (run?.epoch ?? 0) < committed.epoch)
      throw new PlatformError("transient", { detail: `epoch ${committed.epoch} is not shown yet` });
    return run;
  }

  /** What an unfinished launch left; of what is new it cannot be known yet. */
  #neverRan({ createdAtMs, serviceCreatedAtMs }: Estate, externalId: string): Observation {
    if (this.#time.now() - Math.max(createdAtMs, serviceCreatedAtMs) < this.#settleMs)
      throw new PlatformError("transient", { detail: "it is too new to be judged" });
    return { state: "exited", epoch: 0, externalId };
  }

  /** All projects of the name; none only when two looks a settle window apart have shown none. */
  async #find(name: string): Promise<Estate[]> {
    const estates = await this.#projects.named(name);
    if (estates.length > 0) return estates;
    const waitMs = await this.#projects.absenceMs(name);
    if (waitMs === 0) return [];
    await this.#time.sleep(waitMs);
    return this.#projects.named(name);
  }

  #context() {
    const { mountPath, targetPort } = this.#options;
    const parts = { client: this.#client, projects: this.#projects, time: this.#time };
    return { ...parts, settleMs: this.#settleMs, mountPath, targetPort };
  }
}
