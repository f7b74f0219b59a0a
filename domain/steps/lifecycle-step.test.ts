import { describe, expect, it } from "vitest";
import { INSTANCE_TRANSITIONS, type InstanceState } from "../instance-state.ts";
import { statesOf } from "../transition-table.ts";
import { type LifecycleFacts, nextLifecycleAction } from "./lifecycle-step.ts";

const facts: LifecycleFacts = {
  state: "provisioning",
  desired: "present",
  epoch: 0,
  readyEpoch: 0,
  process: "absent",
  reportedEnd: undefined,
  recentStarts: 0,
};
const next = (change: Partial<LifecycleFacts>) =>
  nextLifecycleAction({ ...facts, ...change }, { maxStartsPerHour: 6 });

describe("nextLifecycleAction", () => {
  it.each([
    ["makes and launches a new instance", {}, { do: "provision" }],
    [
      "waits for the report of the present epoch",
      { state: "starting", epoch: 1, process: "running" },
      { do: "await-ready", onDeadline: "explode" },
    ],
    [
      "does not take the report of an older epoch",
      { state: "recovering", epoch: 2, readyEpoch: 1, process: "running" },
      { do: "await-ready", onDeadline: "relaunch" },
    ],
    [
      "proves before it hands over",
      { state: "starting", epoch: 1, readyEpoch: 1, process: "running" },
      { do: "prove", next: "hand-over" },
    ],
    [
      "gives up an idle instance whose process died",
      { state: "idle", epoch: 1, readyEpoch: 1, process: "exited" },
      { do: "explode", reason: "idle-lost" },
    ],
    [
      "starts a claimed instance again when its process died",
      { state: "claimed", epoch: 1, readyEpoch: 1, process: "exited" },
      { do: "launch", after: 1 },
    ],
    [
      "pauses after too many starts",
      { state: "claimed", epoch: 8, process: "exited", recentStarts: 7 },
      { do: "cool-down" },
    ],
    [
      "lets a recovered instance back",
      { state: "recovering", epoch: 2, readyEpoch: 2, process: "running" },
      { do: "prove", next: "recovered" },
    ],
    [
      "ends what reported its own end",
      { state: "claimed", epoch: 1, process: "running", reportedEnd: "removed" },
      { do: "explode", reason: "removed" },
    ],
    ["is done once the instance is to be absent", { state: "exploding", desired: "absent" }, { do: "end" }],
  ] as const)("%s", (_name, change, action) => {
    expect(next(change)).toEqual(action);
  });

  it("takes what nobody could say for no information", () => {
    for (const state of ["idle", "claimed"] as const) {
      expect(next({ state, epoch: 1, readyEpoch: 1, process: "unknown" })).toEqual({ do: "rest" });
    }
  });

  it("never ends a claimed instance by what is observed of its process (I9)", () => {
    const claimed: InstanceState[] = ["claimed", "recovering", "quarantined"];
    for (const state of claimed) {
      for (const process of ["running", "exited", "absent", "unknown"] as const) {
        for (const recentStarts of [0, 100]) {
          expect(next({ state, process, epoch: 3, recentStarts }).do).not.toBe("explode");
        }
      }
    }
  });

  it("knows what to do in every state", () => {
    for (const state of statesOf(INSTANCE_TRANSITIONS)) expect(next({ state, epoch: 1 }).do).toBeDefined();
  });
});
