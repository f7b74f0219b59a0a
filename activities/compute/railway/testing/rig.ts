import { PlatformError } from "../../../../domain/errors.ts";
import type { LaunchSpec } from "../../../../domain/launch-spec.ts";
import {
  type RailwayDouble,
  type RailwayDoubleOptions,
  startRailwayDouble,
} from "../../../../infra/local/doubles/railway/server.ts";
import { RailwayClient } from "../../../railway/client.ts";
import { epochOf, newInstance, newSecrets } from "../../compute-contract.ts";
import type { Launched, LaunchGrant } from "../../driver.ts";
import { RailwayDriver } from "../railway-driver.ts";

export type Settings = NonNullable<RailwayDoubleOptions["settings"]>;
const MAX_TRIES = 12;

/** A driver at a double, both on the double's virtual clock, with one instance to launch. */
export class TestRig {
  readonly double: RailwayDouble;
  readonly client: RailwayClient;
  readonly driver: RailwayDriver;
  readonly instance = newInstance();
  readonly secrets = newSecrets();
  /** Virtual milliseconds that drivers have waited. */
  waitedMs = 0;

  private constructor(double: RailwayDouble) {
    this.double = double;
    this.client = this.clientWith(double.token);
    this.driver = this.newDriver();
  }

  static async start(settings: Settings = {}): Promise<TestRig> {
    return new TestRig(
      await startRailwayDouble({
        settings: { requestsPerSecond: 10_000, volumeCreateWindowMs: 0, ...settings },
      }),
    );
  }

  clientWith(token: string): RailwayClient {
    const { url, workspaceId } = this.double;
    return new RailwayClient({ url, token, workspaceId });
  }

  /** As in another process: it remembers nothing. */
  newDriver(client = this.client): RailwayDriver {
    return new RailwayDriver({
      client,
      image: "agent:test",
      mountPath: "/data",
      targetPort: 8080,
      limits: { cpu: 2, memoryBytes: 4_294_967_296 },
      time: {
        now: () => this.double.nowMs(),
        sleep: async (ms) => {
          this.waitedMs += ms;
          this.double.advance(ms);
        },
      },
    });
  }

  spec(epoch: number, environment: Record<string, string> = {}): LaunchSpec {
    const { id, name } = this.instance;
    return { instanceId: id, name, epoch: epochOf(epoch), generation: "g1", environment };
  }

  grant(): LaunchGrant {
    return { secrets: this.secrets, issueBootstrapToken: async () => "a-bootstrap-token" };
  }

  launch(epoch: number, driver = this.driver): Promise<Launched> {
    return driver.launch(this.spec(epoch), this.grant());
  }

  /** As the platform repeats it: after the provider's pause or a second, each time in another process. */
  async launchUntilDone(epoch: number): Promise<Launched> {
    return this.#repeat(() => this.launch(epoch, this.newDriver()));
  }

  async destroyUntilDone(kind: string) {
    const { id, name } = this.instance;
    return this.#repeat(() => this.newDriver().destroy(id, name, kind));
  }

  observe(driver = this.driver) {
    return driver.observe(this.instance.id, this.instance.name);
  }

  destroy(kind: string, driver = this.driver) {
    return driver.destroy(this.instance.id, this.instance.name, kind);
  }

  failOn(operation: string, position: "before" | "after", fault: Record<string, unknown>): void {
    this.double.faults.add({ match: { body: operation }, position, fault });
  }

  async set(settings: Settings): Promise<void> {
    await this.#control("PATCH", "settings", settings);
  }

  async happen(serviceId: string | undefined, happening: string): Promise<void> {
    await this.#control("POST", "happen", { serviceId, happening });
  }

  close(): Promise<void> {
    return this.double.close();
  }

  async #repeat<T>(call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        const isWorthIt =
          error instanceof PlatformError && ["throttled", "transient", "ambiguous"].includes(error.code);
        if (!isWorthIt || attempt === MAX_TRIES) throw error;
        this.double.advance(error.retryAfterMs ?? 1_000);
      }
    }
  }

  async #control(method: string, path: string, body: unknown): Promise<void> {
    const url = new URL(`/__double/railway/${path}`, this.double.url);
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(await response.text());
  }
}
