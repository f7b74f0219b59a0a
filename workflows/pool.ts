import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setHandler,
  sleep,
  workflowInfo,
} from "@temporalio/workflow";
import { GENERATION_PATTERN, ROLLOUT_STRATEGIES } from "../domain/rollout.ts";
import { pool as activities, poolOnce } from "./activities.ts";
import {
  drain,
  type PoolStart,
  pause,
  poolStateQuery,
  replenish,
  resume,
  rollout,
  setMaxAge,
  setRate,
  setTarget,
  wake,
} from "./messages.ts";
import { Track } from "./track.ts";

const PERIOD_MS = 30_000;
const JITTER_MS = 5_000;
/** Wakes that come closer together than this are one. */
const COALESCE = "200ms";
/** A nudge is sent at most once a second, so what came right after it is only seen by one more look. */
const SECOND_LOOK_MS = 1_200;
const NEXT_LOOK = { summary: "next look, unless woken" };
const GATHER = { summary: "gather wakes" };

/**
 * Keeps the pool full. Never in the path of a claim: claims take from Postgres, this refills it. Everything it
 * decides is written down in the transaction that decides it.
 */
export async function pool({ pool: name }: PoolStart): Promise<void> {
  const track = new Track<"running" | "paused">(`Pool ${name}`, "running");
  let dirty = true;
  let woken = true;
  const touch = () => {
    dirty = true;
  };
  setHandler(poolStateQuery, () => track.view);
  setHandler(wake, touch);
  setHandler(setTarget, (target) => activities.changePool(name, { target }).then(touch), {
    validator: (target) => wholeFrom(0, target),
  });
  setHandler(setRate, (startsPerMinute) => activities.changePool(name, { startsPerMinute }).then(touch), {
    validator: (startsPerMinute) => wholeFrom(1, startsPerMinute),
  });
  setHandler(setMaxAge, (maxAgeS) => activities.changePool(name, { maxAgeS }).then(touch), {
    validator: (seconds) => wholeFrom(0, seconds),
  });
  setHandler(rollout, (generation, strategy) => activities.rollOut(name, generation, strategy).then(touch), {
    validator(generation, strategy) {
      if (!new RegExp(GENERATION_PATTERN).test(generation)) throw new RangeError("not a generation");
      if (!ROLLOUT_STRATEGIES.includes(strategy)) throw new RangeError("not a strategy");
    },
  });
  setHandler(pause, (reason) => activities.changePool(name, { pausedReason: reason }).then(touch));
  setHandler(resume, () => activities.changePool(name, { pausedReason: null }).then(touch));
  setHandler(replenish, (count) => poolOnce.changePool(name, { addExtra: count }).then(touch));
  setHandler(drain, async (count) => {
    const ids = await poolOnce.drainPool(name, count);
    touch();
    return ids;
  });

  while (true) {
    dirty = false;
    const { start, retire } = await activities.planPool(name);
    // First, so that what they hand over is there when their successors are made.
    if (retire.length > 0) await activities.retireInstances(retire);
    if (start.length > 0) await activities.startInstances(start);
    const { target, idle, provisioning, waiting, pausedReason, breakers } =
      await activities.summarizePool(name);
    const facts = [
      `${idle} of ${target} idle, ${provisioning} starting, ${waiting} claims waiting`,
      ...breakers.map(({ kind, code }) => `${kind} fail alike (${code})`),
    ].join(", ");
    track.enter(
      pausedReason ? `paused (${pausedReason}): ${facts}` : facts,
      pausedReason ? "paused" : "running",
    );

    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof pool>({ pool: name });
    }
    const pauseMs: number = woken ? SECOND_LOOK_MS : PERIOD_MS + Math.floor(Math.random() * JITTER_MS);
    woken = await condition(() => dirty, pauseMs, NEXT_LOOK);
    await sleep(COALESCE, GATHER);
  }
}

/** What Postgres would refuse for ever is refused before it is in the history. */
function wholeFrom(minimum: number, value: number): void {
  if (!Number.isInteger(value) || value < minimum) throw new RangeError(`a whole number from ${minimum}`);
}
