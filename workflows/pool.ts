import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setHandler,
  sleep,
  workflowInfo,
} from "@temporalio/workflow";
import { pool as activities, poolOnce } from "./activities.ts";
import {
  drain,
  type PoolStart,
  pause,
  poolStateQuery,
  replenish,
  resume,
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
  setHandler(setTarget, (target) => activities.changePool(name, { target }).then(touch));
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
    const started = await activities.planPool(name);
    if (started.length > 0) await activities.startInstances(started);
    const { target, idle, provisioning, waiting, pausedReason } = await activities.summarizePool(name);
    const facts = `${idle} of ${target} idle, ${provisioning} starting, ${waiting} claims waiting`;
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
