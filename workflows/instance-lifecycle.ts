import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setHandler,
  workflowInfo,
} from "@temporalio/workflow";
import type { InstanceState } from "../domain/instance-state.ts";
import { LIMITS } from "../domain/limits.ts";
import { type LifecycleAction, nextLifecycleAction } from "../domain/steps/lifecycle-step.ts";
import { launch, openrouter, prove, registry } from "./activities.ts";
import { doom, instanceStateQuery, type LifecycleStart, wake } from "./messages.ts";
import { Track } from "./track.ts";

/** How long a started agent may take to report itself ready. A gateway boots in 11–30 s on a busy machine. */
const READY_DEADLINE = "4m";
/** How often a resting instance is looked at without anything having happened. */
const REST = "30m";
const COOL_DOWN = "10m";

/**
 * One instance, from its first resource to its end: the only writer of its state but for the bind. It decides from
 * what it observes, not from what it did before; so one that was terminated is started again and goes on.
 */
export async function instanceLifecycle({ instanceId }: LifecycleStart): Promise<void> {
  const track = new Track<InstanceState | "unknown">(`Instance ${instanceId}`, "unknown");
  let wakes = 0;
  let doomed = false;
  setHandler(wake, () => {
    wakes += 1;
  });
  setHandler(doom, () => {
    doomed = true;
  });
  setHandler(instanceStateQuery, () => track.view);

  let deadlinePassed = false;
  while (!doomed) {
    const seen = wakes;
    const facts = await registry.observeInstance(instanceId);
    const action = nextLifecycleAction(facts, { maxStartsPerHour: LIMITS.restartMaxPerHour });
    track.enter(describe(action), facts.state);
    if (action.do === "end") return;

    const changed = () => doomed || wakes > seen;
    switch (action.do) {
      case "provision":
        await orExplode(instanceId, async () => {
          await openrouter.ensureModelKey(instanceId);
          await launch.launchInstance(instanceId, facts.epoch);
        });
        break;
      case "launch":
        await launch.launchInstance(instanceId, action.after).catch(() => condition(changed, COOL_DOWN));
        break;
      case "await-ready":
        if (!deadlinePassed) deadlinePassed = !(await condition(changed, READY_DEADLINE));
        else if (action.onDeadline === "explode") return registry.explodeInstance(instanceId, "never-ready");
        else {
          deadlinePassed = false;
          await launch.launchInstance(instanceId, facts.epoch);
        }
        break;
      case "prove":
        deadlinePassed = false;
        if (action.next === "recovered") {
          await prove.proveReady(instanceId);
          await registry.markRecovered(instanceId);
        } else {
          await orExplode(instanceId, async () => {
            await prove.proveReady(instanceId);
            await registry.handOverInstance(instanceId);
          });
        }
        break;
      case "rest":
        await condition(changed, REST);
        break;
      case "cool-down":
        await condition(changed, COOL_DOWN);
        break;
      case "explode":
        return registry.explodeInstance(instanceId, action.reason);
    }
    if (workflowInfo().continueAsNewSuggested && !doomed) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof instanceLifecycle>({ instanceId });
    }
  }
}

/** An instance that cannot be made ready is given up while nobody has it; all it has is made absent. */
async function orExplode(instanceId: LifecycleStart["instanceId"], step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch {
    // The failed activity and its reason stand in this history; what follows from it is the end of the instance.
    await registry.explodeInstance(instanceId, "never-ready");
  }
}

function describe(action: LifecycleAction): string {
  switch (action.do) {
    case "provision":
      return "making its resources and launching it";
    case "launch":
      return `launching the epoch after ${action.after}`;
    case "await-ready":
      return "waiting for its report that it is ready";
    case "prove":
      return "proving that it answers";
    case "rest":
      return "resting until something happens";
    case "cool-down":
      return "started too often within an hour: waiting before the next start";
    case "explode":
      return `ending: ${action.reason}`;
    case "end":
      return "done";
  }
}
