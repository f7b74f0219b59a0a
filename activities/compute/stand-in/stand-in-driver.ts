import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { PlatformError } from "../../../domain/errors.ts";
import { type InstanceId, parseInstanceId, type ResourceName } from "../../../domain/ids.ts";
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

const CALL_TIMEOUT_MS = 5_000;

const Hosted = Type.Object({
  name: Type.String({ pattern: "^[a-z0-9-]{1,32}$" }),
  instanceId: Type.String({ pattern: "^[a-z0-9]{12}$" }),
  epoch: Type.Integer({ minimum: 1 }),
  state: Type.Union([Type.Literal("running"), Type.Literal("exited")]),
});
const hosted = Compile(Hosted);
const inventory = Compile(Type.Object({ agents: Type.Array(Hosted) }));

/** Agents in the host of `infra/local/stand-in-agent/`, for tests and benchmarks of the control plane. */
export class StandInDriver implements ComputeDriver, ExitSource {
  readonly kind = "stand-in";
  readonly resourceKinds = [this.kind];
  readonly #hostUrl: string;

  constructor(options: { hostUrl: string }) {
    this.#hostUrl = options.hostUrl;
  }

  async launch(spec: LaunchSpec, { secrets }: LaunchGrant): Promise<Launched> {
    const body = JSON.stringify({ spec, secrets });
    const response = await this.#call(this.#pathOf(spec.instanceId), { method: "PUT", body });
    if (response.status === 409)
      throw new PlatformError("conflict", { detail: "a later epoch was launched already" });
    if (response.status >= 400 && response.status < 500)
      throw new PlatformError("invalid", { detail: `the host answered ${response.status}` });
    if (!response.ok) throw failed(response);
    return { url: this.#urlOf(spec.instanceId), externalIds: { [this.kind]: spec.instanceId } };
  }

  async observe(instanceId: InstanceId, _name: ResourceName): Promise<Observation> {
    const response = await this.#call(this.#pathOf(instanceId));
    if (response.status === 404) return { state: "absent" };
    const agent: unknown = response.ok ? await response.json() : undefined;
    if (!hosted.Check(agent)) throw failed(response);
    const { epoch, state } = agent;
    if (state === "exited") return { state, epoch, externalId: instanceId };
    return { state, epoch, url: this.#urlOf(instanceId), externalId: instanceId };
  }

  async destroy(instanceId: InstanceId, name: ResourceName, kind: string): Promise<ResourceOutcome> {
    requireKind(this, kind);
    const response = await this.#call(this.#pathOf(instanceId), { method: "DELETE" });
    if (!response.ok) throw failed(response);
    if ((await this.observe(instanceId, name)).state !== "absent")
      throw new PlatformError("ambiguous", { detail: `${name} is there again` });
    return { kind: "absent" };
  }

  async list(namePrefix: string): Promise<readonly InventoryItem[]> {
    return (await this.#agents())
      .filter(({ name }) => name.startsWith(namePrefix))
      .map(({ name, instanceId, state }) => ({
        kind: this.kind,
        name,
        externalId: instanceId,
        running: state === "running",
      }));
  }

  async exited(): Promise<readonly ExitedInstance[]> {
    return (await this.#agents()).flatMap(({ instanceId: text, epoch, state }) => {
      const instanceId = parseInstanceId(text);
      return state === "exited" && instanceId !== undefined ? [{ instanceId, epoch }] : [];
    });
  }

  async #agents() {
    const response = await this.#call("/agents");
    const body: unknown = response.ok ? await response.json() : undefined;
    if (!inventory.Check(body)) throw failed(response);
    return body.agents;
  }

  async #call(path: string, init: RequestInit = {}): Promise<Response> {
    try {
      return await fetch(this.#hostUrl + path, { ...init, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    } catch {
      // The error may hold the address and says no more than that the host did not answer.
      throw new PlatformError("ambiguous", { detail: "the host of the stand-ins does not answer" });
    }
  }

  #pathOf(instanceId: string): string {
    return `/agents/${instanceId}`;
  }

  #urlOf(instanceId: string): string {
    return this.#hostUrl + this.#pathOf(instanceId);
  }
}

const failed = (response: Response): PlatformError =>
  new PlatformError("transient", { detail: `the host of the stand-ins answered ${response.status}` });
