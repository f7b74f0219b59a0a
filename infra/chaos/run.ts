import { setTimeout as delay } from "node:timers/promises";
import { loadAverage } from "../bench/machine.ts";
import { eventually } from "../testing/eventually.ts";
import { TestPlatform } from "../testing/platform.ts";
import { playCaller } from "./caller.ts";
import { check, type Finding } from "./check.ts";
import { type Kill, killInRotation, type Pace } from "./killer.ts";
import { type Maxima, watchMaxima } from "./maxima.ts";
import { Memory } from "./memory.ts";
import { PARTS, type Part, Parts } from "./parts.ts";
import { type Behaviour, planOf } from "./plan.ts";
import { readWorld } from "./world.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly claims: number;
  /** Callers at a time, each with one claim. */
  readonly callers: number;
  readonly target: number;
  readonly surge: number;
  readonly pace: Pace;
  say(text: string): void;
}

export interface ChaosReport {
  seed: number;
  /** Keys that callers asked with, and how they behaved. */
  claims: number;
  behaviours: Partial<Record<Behaviour, number>>;
  /** Keys that were given an agent, and those whose agent was exploded. */
  served: number;
  exploded: number;
  cancelled: number;
  /** Answers to requests on the way that were not what was asked for. */
  refusals: Record<string, number>;
  kills: Kill[];
  endedByThemselves: Partial<Record<Part, number>>;
  longestGapMs: number;
  chaosMs: number;
  settleMs: number;
  /** Undefined when everything came to rest in time. */
  unrest: string | undefined;
  maxima: Maxima;
  loadAverage: number;
  findings: Finding[];
}

const SETTLE_TIMEOUT_MS = 300_000;
const SETTLE_LOOK_MS = 500;
/** What the schedule does every minute; the end of a run need not wait for it. */
const RECONCILE_MS = 5_000;
const PROGRESS_MS = 10_000;

/** One seeded run: callers claim while the parts are killed; then everything settles and is checked. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, claims, callers, target, surge, pace, say } = options;
  await using platform = await TestPlatform.start({ target, surge, compute: "stand-in", durable: true });
  const parts = new Parts(platform);
  await parts.begin();
  await eventually("the pool is full", async () => Number((await platform.counts()).idle) >= target, 60_000);

  const memory = new Memory();
  const behaviours: ChaosReport["behaviours"] = {};
  const over = new AbortController();
  const maximaSeen = watchMaxima(platform, over.signal);
  let next = 0;
  const killed = new Set<Part>();
  const progress = setInterval(() => say(`${next} claims, ${memory.servedKeys} served`), PROGRESS_MS);
  const beganAt = performance.now();

  async function playCallers(): Promise<void> {
    while (next < claims || killed.size < PARTS.length) {
      const plan = planOf(seed, next++);
      behaviours[plan.behaviour] = (behaviours[plan.behaviour] ?? 0) + 1;
      await playCaller(platform, plan, memory);
    }
  }
  const crowd = Promise.all(Array.from({ length: callers }, playCallers));
  const kills = await killInRotation(
    {
      kill: async (part) => {
        say(`kill ${part}`);
        await parts.kill(part);
      },
      start: async (part) => {
        await parts.start(part);
        killed.add(part);
      },
    },
    { seed, pace, isOver: () => next >= claims },
  );
  await crowd;
  clearInterval(progress);
  const chaosMs = Math.round(performance.now() - beganAt);

  say("settling");
  const unrest = await settle(platform, target);
  await parts.settle();
  over.abort();
  const maxima = await maximaSeen;
  const settleMs = Math.round(performance.now() - beganAt) - chaosMs;
  // Each caller may have one claim in the queue, and one instance more may be started as a probe.
  const bounds = { starting: surge, supply: target + callers + 1 };
  const findings = check(memory.keys, await readWorld(platform, { maxima, bounds }));
  return {
    seed,
    claims: memory.keys.length,
    behaviours,
    served: memory.servedKeys,
    exploded: memory.keys.filter(({ ending }) => ending === "exploded").length,
    cancelled: memory.keys.filter(({ ending }) => ending === "cancelled").length,
    refusals: Object.fromEntries([...memory.refusals].sort(([, a], [, b]) => b - a)),
    kills,
    endedByThemselves: Object.fromEntries(parts.endedByThemselves),
    longestGapMs: memory.longestGapMs,
    chaosMs,
    settleMs,
    unrest,
    maxima,
    loadAverage: loadAverage(),
    findings,
  };
}

/** Until no claim is open but the live ones and the pool is full again. Answers what is still moving at the end. */
async function settle(platform: TestPlatform, target: number): Promise<string | undefined> {
  const giveUpAt = performance.now() + SETTLE_TIMEOUT_MS;
  let reconcileAt = 0;
  for (;;) {
    if (performance.now() > reconcileAt) {
      await platform.request("POST", "/api/pool/reconcile");
      reconcileAt = performance.now() + RECONCILE_MS;
    }
    const moving = await movingParts(platform, target);
    if (moving === undefined) return undefined;
    if (performance.now() > giveUpAt) return moving;
    await delay(SETTLE_LOOK_MS);
  }
}

async function movingParts({ registry }: TestPlatform, target: number): Promise<string | undefined> {
  const { db } = registry;
  const claims = await db
    .selectFrom("claims")
    .select("id")
    .where("state", "in", ["waiting", "bound", "pending"])
    .execute();
  const instances = await db
    .selectFrom("instances")
    .select(["id", "state"])
    .where("state", "not in", ["claimed", "exploded"])
    .execute();
  const idle = instances.filter(({ state }) => state === "idle").length;
  const busy = instances.filter(({ state }) => state !== "idle").map(({ id, state }) => `${id} ${state}`);
  if (claims.length === 0 && busy.length === 0 && idle >= target) return undefined;
  return `${claims.length} open claims (${claims.map(({ id }) => id).join(", ")}); ${idle} idle; ${busy.join(", ")}`;
}
