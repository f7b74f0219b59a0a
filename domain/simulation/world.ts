import { EQUIPMENT, equipmentKey, TIMINGS, type Timing } from "../equipment.ts";
import type { EndReason } from "../instance-state.ts";
import { Random } from "./engine/random.ts";
import { type Flow, Scheduler, type Task } from "./engine/scheduler.ts";
import { Trace } from "./engine/trace.ts";
import { Compute } from "./outside/compute.ts";
import { ProviderModel } from "./outside/provider.ts";
import type { Rules } from "./rules.ts";
import { Tables } from "./tables.ts";

const CONFIGURED: ReadonlySet<string> = new Set([
  "openrouter/model-key",
  "agentmail/mailbox",
  "telnyx/number",
]);

/** Everything there is in one run: the clock, the tables, who runs, and the providers. */
export class World {
  readonly rules: Rules;
  readonly random: Random;
  readonly scheduler = new Scheduler();
  readonly trace = new Trace();
  readonly tables: Tables;
  readonly compute: Compute;
  /** By `provider/kind`; some providers this installation has no account with. */
  readonly providers = new Map<string, ProviderModel>();
  readonly numberTiming: Timing;
  /** What sessions of the database hold. */
  readonly locks = new Set<string>();
  /** How much goes wrong in this run. */
  readonly #harshness: number;
  /** By workflow id; one that has ended stays until it is started again. */
  readonly workflows = new Map<string, Task>();
  /** Who asked for an end: `instance/reason` of each person, agent or operator that did. */
  readonly causes = new Set<string>();
  /** Which instances sent a join request into the room of an invite. */
  readonly joiners = new Map<string, Set<string>>();
  /** Once calm, nothing fails any more and nobody asks for anything. */
  isCalm = false;
  steps = 0;
  #ids = 0;

  constructor(seed: number, rules: Rules) {
    this.rules = rules;
    this.random = new Random(seed);
    this.#harshness = this.random.pick([0.5, 1, 3]) ?? 1;
    const pool = {
      target: this.random.between(1, 5),
      surge: this.random.between(1, 3),
      pausedReason: undefined,
      extra: 0,
      failuresInARow: 0,
      rolloutFailures: 0,
      retryAfterMs: 0,
      generation: 1,
      isRollingOut: false,
      maxAgeMs: this.random.pick([300_000, 3_600_000]) ?? 0,
      startsPerMinute: this.random.between(5, 30),
      failures: [],
      claimsFailUntilMs: 0,
    };
    this.tables = new Tables(
      pool,
      rules,
      () => this.nowMs,
      (text) => this.note(text),
    );
    for (const kind of EQUIPMENT.map(equipmentKey))
      if (CONFIGURED.has(kind)) this.providers.set(kind, new ProviderModel(this, kind));
    this.numberTiming = this.random.pick(TIMINGS) ?? "off";
    this.compute = new Compute(this);
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  note(text: string): void {
    this.trace.note(this.nowMs, this.steps, text);
  }

  newId(prefix: string): string {
    this.#ids += 1;
    return `${prefix}${this.#ids}`;
  }

  /** A fault by chance; none once it is calm. */
  strikes(probability: number): boolean {
    return !this.isCalm && this.random.chance(Math.min(probability * this.#harshness, 0.9));
  }

  /** A statement, a request: mostly quick, at times slow. */
  latencyMs(): number {
    return this.strikes(0.08) ? this.random.between(500, 8_000) : this.random.between(1, 40);
  }

  /** Rounds that only repeat are made rarer once it is calm, so that days pass in few steps. */
  periodMs(ms: number): number {
    return this.isCalm ? ms * 60 : ms;
  }

  /** Starts the workflow unless it runs. */
  startWorkflow(id: string, body: (self: Task) => Flow<void>): void {
    if (this.isRunning(id)) return;
    this.workflows.set(id, this.scheduler.start(id, body));
  }

  isRunning(id: string): boolean {
    return this.workflows.get(id)?.isOver === false;
  }

  wakeWorkflow(id: string): void {
    const task = this.workflows.get(id);
    if (task && !task.isOver) this.scheduler.wake(task);
  }

  caused(instanceId: string, reason: EndReason): void {
    this.causes.add(`${instanceId}/${reason}`);
  }
}
