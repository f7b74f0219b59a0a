import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setHandler,
  workflowInfo,
} from "@temporalio/workflow";
import type { EndReason, InstanceState } from "../domain/instance-state.ts";
import { LIMITS } from "../domain/limits.ts";
import { type LifecycleAction, nextLifecycleAction } from "../domain/steps/lifecycle-step.ts";
import { launch, probe, prove, registry, spending } from "./activities.ts";
import { equip } from "./equip.ts";
import { doom, instanceStateQuery, type LifecycleStart, suspect, wake } from "./messages.ts";
import { InstanceListing } from "./search-attributes.ts";
import { Track } from "./track.ts";
import { until } from "./until.ts";

/** How long a started agent may take to report itself ready. A gateway boots in 11–30 s on a busy machine. */
const READY_DEADLINE_MS = 4 * 60_000;
/** How long after the end that people have set their agent, if it lives, has to do it by itself. */
const EXPIRY_GRACE_MS = 60_000;
const BOUNDS = {
  maxStartsPerHour: LIMITS.restartMaxPerHour,
  readyDeadlineMs: READY_DEADLINE_MS,
  expiryGraceMs: EXPIRY_GRACE_MS,
};
/** How often a resting instance is looked at without anything having happened. */
const REST = "30m";
const COOL_DOWN = "10m";
/** Until a recovered agent that did not prove itself is looked at again. */
const UNPROVEN = "15s";
/** What the timers are for, as the Web UI shows it. */
const REPORT = { summary: "deadline for its report that it is ready" };
const NEXT_LOOK = { summary: "next look, unless woken" };
const FAILED_LAUNCH = { summary: "pause after a failed launch" };
const NO_CREDIT = { summary: "pause after a grant that failed" };
const TOO_OFTEN = { summary: "pause after too many starts" };
const PEOPLES_END = "the end that its people have set, with grace for the agent";
const PROVE_AGAIN = { summary: "pause after a failed proof" };

/**
 * One instance, from its first resource to its end: the only writer of its state but for the bind. It decides from
 * what it observes, not from what it did before; so one that was terminated is started again and goes on.
 */
export async function instanceLifecycle({ instanceId }: LifecycleStart): Promise<void> {
  const track = new Track<InstanceState | "unknown">(`Instance ${instanceId}`, "unknown");
  const listing = new InstanceListing();
  let wakes = 0;
  let doomed = false;
  let suspected = false;
  setHandler(wake, () => {
    wakes += 1;
  });
  setHandler(suspect, () => {
    suspected = true;
    wakes += 1;
  });
  setHandler(doom, () => {
    doomed = true;
  });
  setHandler(instanceStateQuery, () => track.view);

  let unprovenEpoch = 0;
  let dueMs: number | undefined;
  // It comes in time whatever is being tried for the instance meanwhile; should it fail, the next look decides.
  const endWhenDue = until(() => dueMs, PEOPLES_END).then(() =>
    explodeInstance(instanceId, "exploded-by-member"),
  );
  void succeeds(endWhenDue).then(() => {
    wakes += 1;
  });
  while (!doomed) {
    const seen = wakes;
    const facts = await registry.observeInstance(instanceId);
    const expiresAtMs = facts.expiresAt === undefined ? undefined : Date.parse(facts.expiresAt);
    const expiresInMs = expiresAtMs === undefined ? undefined : expiresAtMs - Date.now();
    const action = nextLifecycleAction({ ...facts, expiresInMs, unprovenEpoch, suspected }, BOUNDS);
    track.enter(describe(action, facts.state), facts.state);
    if (action.do === "end") break;
    listing.show(facts);
    if (expiresAtMs !== undefined && action.do !== "explode") dueMs = expiresAtMs + EXPIRY_GRACE_MS;

    const changed = () => doomed || wakes > seen;
    switch (action.do) {
      case "provision":
        await orExplode(instanceId, async () => {
          await equip(instanceId, facts.equipment);
          await launchAfter(instanceId, facts.epoch);
          await condition(changed, READY_DEADLINE_MS, REPORT);
        });
        break;
      case "launch":
        await launchAfter(instanceId, action.after).catch(() => condition(changed, COOL_DOWN, FAILED_LAUNCH));
        break;
      case "await-ready":
        await condition(changed, action.remainingMs, REPORT);
        break;
      case "prove":
        if (action.next === "recovered") {
          if (await succeeds(prove.proveReady(instanceId))) await registry.markRecovered(instanceId);
          else {
            unprovenEpoch = facts.epoch;
            await condition(changed, UNPROVEN, PROVE_AGAIN);
          }
        } else {
          await orExplode(instanceId, async () => {
            await prove.proveReady(instanceId);
            await registry.handOverInstance(instanceId);
          });
        }
        break;
      case "equip":
        await succeeds(equip(instanceId, facts.equipment));
        break;
      case "credit":
        if (!(await succeeds(spending.settleCredit(instanceId))))
          await condition(changed, COOL_DOWN, NO_CREDIT);
        else if (!facts.lacking) await condition(changed, REST, NEXT_LOOK);
        break;
      case "rest":
        await condition(changed, REST, NEXT_LOOK);
        break;
      case "probe":
        suspected = false;
        if (!(await succeeds(probe.probeIdle(instanceId)))) await explodeInstance(instanceId, "idle-lost");
        break;
      case "cool-down":
        await condition(changed, COOL_DOWN, TOO_OFTEN);
        break;
      case "explode":
        if (await explodeInstance(instanceId, action.reason)) doomed = true;
        break;
    }
    if (workflowInfo().continueAsNewSuggested && !doomed) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof instanceLifecycle>({ instanceId });
    }
  }
  track.enter("over: its explode workflow goes on from here", "exploding");
  listing.end();
}

/** The summary tells starts apart in the history. */
function launchAfter(instanceId: LifecycleStart["instanceId"], after: number): Promise<unknown> {
  const summary = `epoch ${after + 1}`;
  return launch.launchInstance.executeWithOptions({ summary }, [instanceId, after]);
}

/** False when it is no more in a state that the reason ends: somebody has it now. */
function explodeInstance(instanceId: LifecycleStart["instanceId"], reason: EndReason): Promise<boolean> {
  return registry.explodeInstance.executeWithOptions({ summary: reason }, [instanceId, reason]);
}

/** What failed stands with its reason in this history; the next look decides what follows from it. */
async function succeeds(step: Promise<unknown>): Promise<boolean> {
  try {
    await step;
    return true;
  } catch {
    return false;
  }
}

/** An instance that cannot be made ready is given up while nobody has it; all it has is made absent. */
async function orExplode(instanceId: LifecycleStart["instanceId"], step: () => Promise<void>): Promise<void> {
  if (!(await succeeds(step()))) await explodeInstance(instanceId, "never-ready");
}

function describe(action: LifecycleAction, state: InstanceState): string {
  switch (action.do) {
    case "provision":
      return "making its resources and launching it";
    case "launch":
      return `launching the epoch after ${action.after}`;
    case "await-ready":
      return "waiting for its report that it is ready";
    case "prove":
      return "proving that it answers";
    case "equip":
      return `${state}: making what it lacks of its equipment`;
    case "credit":
      return "granting what it may spend on models";
    case "probe":
      return "asking whether it is still what it was";
    case "rest":
      return `${state}: resting until something happens`;
    case "cool-down":
      return "started too often within an hour: waiting before the next start";
    case "explode":
      return `ending: ${action.reason}`;
    case "end":
      return "done";
  }
}
