import { setPool } from "../../activities/registry/pools.ts";
import { eventually } from "../testing/eventually.ts";
import { TestPlatform } from "../testing/platform.ts";
import { sequential } from "./load.ts";
import { residentMib } from "./machine.ts";
import type { Output } from "./output.ts";
import { postgresSyncModes } from "./sync-modes.ts";

const FIRST_MS = 60_000;
const FILL_MS = 3_600_000;
const WARM_UP = 20;
/** More than an operator may ask for, so that filling takes a part of the time. */
const FILL_SURGE = 200;
const PROGRAMS = ["gateway", "workers", "claims"] as const;

/** The platform's own programs on a durable Postgres with stand-in agents, whose pool is filled for each run. */
export class FilledPlatform implements AsyncDisposable {
  readonly platform: TestPlatform;
  readonly #output: Output;

  private constructor(platform: TestPlatform, output: Output) {
    this.platform = platform;
    this.#output = output;
  }

  static async start(output: Output): Promise<FilledPlatform> {
    const platform = await TestPlatform.start({ target: 1, surge: 100, compute: "stand-in", durable: true });
    const started = performance.now();
    await platform.run("workers", "claims", "gateway");
    const filled = new FilledPlatform(platform, output);
    await eventually("the first is idle", async () => (await filled.idle()) > 0, FIRST_MS);
    output.say(`first stand-in idle after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    output.postgresSync(await postgresSyncModes(platform.registry.db));
    await platform.registry.db.updateTable("pools").set({ surge: FILL_SURGE }).execute();
    await filled.fill(WARM_UP);
    await sequential(platform, "warm-up", WARM_UP);
    return filled;
  }

  async idle(): Promise<number> {
    return Number((await this.platform.counts()).idle);
  }

  /** Makes at least `idle` agents idle, then pauses the pool: what is measured is claims, not refilling. */
  async fill(idle: number): Promise<void> {
    const { platform } = this;
    const started = performance.now();
    // Past the operators' limit of a target: a benchmark takes what a day of claims would.
    await setPool(platform.registry, platform.pool, { target: idle });
    await platform.request("POST", "/api/pool/resume");
    await eventually(`${idle} are idle`, async () => (await this.idle()) >= idle, FILL_MS);
    await platform.request("POST", "/api/pool/pause", { reason: "the benchmark measures claims" });
    this.#output.say(`${idle} idle after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }

  async noteMemory(): Promise<void> {
    const weights = await Promise.all(
      PROGRAMS.map(async (name) => `${name} ${await residentMib(this.platform.program(name).pid)}`),
    );
    weights.push(`Temporal ${await residentMib(this.platform.temporalPid)}`);
    this.#output.note(`Resident memory, MiB: ${weights.join(", ")}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.platform[Symbol.asyncDispose]();
  }
}
