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
  expiresInMs: undefined,
  recentStarts: 0,
  startedMsAgo: 10_000,
  faultedEpoch: 0,
  unprovenEpoch: 0,
  suspected: false,
  lacking: false,
  creditDue: false,
};
const SILENT: Partial<LifecycleFacts> = {
  state: "recovering",
  epoch: 2,
  readyEpoch: 2,
  process: "running",
  startedMsAgo: 240_000,
};
const next = (change: Partial<LifecycleFacts>) =>
  nextLifecycleAction(
    { ...facts, ...change },
    { maxStartsPerHour: 6, readyDeadlineMs: 240_000, expiryGraceMs: 60_000 },
  );

describe("nextLifecycleAction", () => {
  it.each([
    ["makes and launches a new instance", {}, { do: "provision" }],
    [
      "waits for the report of the present epoch",
      { state: "starting", epoch: 1, process: "running" },
      { do: "await-ready", remainingMs: 230_000 },
    ],
    [
      "does not take the report of an older epoch",
      { state: "recovering", epoch: 2, readyEpoch: 1, process: "running" },
      { do: "await-ready", remainingMs: 230_000 },
    ],
    [
      "gives up an instance that is never ready",
      { state: "starting", epoch: 1, process: "running", startedMsAgo: 240_000 },
      { do: "explode", reason: "never-ready" },
    ],
    [
      "proves what reported ready before anybody looked, however late",
      { state: "starting", epoch: 1, readyEpoch: 1, process: "running", startedMsAgo: 900_000 },
      { do: "prove", next: "hand-over" },
    ],
    [
      "asks an idle instance again that did not answer",
      { state: "idle", epoch: 1, process: "running", lacking: true, suspected: true },
      { do: "probe" },
    ],
    [
      "does not ask one that was claimed meanwhile",
      { state: "claimed", epoch: 1, process: "running", suspected: true },
      { do: "rest" },
    ],
    [
      "makes what an idle instance lacks",
      { state: "idle", epoch: 1, process: "running", lacking: true },
      { do: "equip" },
    ],
    [
      "grants a claimed instance what is due",
      { state: "claimed", epoch: 1, process: "running", creditDue: true },
      { do: "credit" },
    ],
    [
      "but nothing before it is claimed",
      { state: "idle", epoch: 1, process: "running", creditDue: true },
      { do: "rest" },
    ],
    ["and a claimed one", { state: "claimed", epoch: 1, process: "running", lacking: true }, { do: "equip" }],
    [
      "starts a claimed instance again that is not ready in time",
      { state: "recovering", epoch: 2, readyEpoch: 1, process: "running", startedMsAgo: 240_000 },
      { do: "launch", after: 2 },
    ],
    [
      "but not too often",
      { state: "recovering", epoch: 8, process: "running", startedMsAgo: 240_000, recentStarts: 7 },
      { do: "cool-down" },
    ],
    [
      "starts a claimed instance again whose brain has given up",
      { state: "claimed", epoch: 2, readyEpoch: 2, process: "running", faultedEpoch: 2 },
      { do: "launch", after: 2 },
    ],
    [
      "pauses before it starts one again that gives up again and again",
      { state: "claimed", epoch: 8, readyEpoch: 8, process: "running", faultedEpoch: 8, recentStarts: 7 },
      { do: "cool-down" },
    ],
    [
      "starts one again that gives up while it recovers",
      { state: "recovering", epoch: 2, readyEpoch: 2, process: "running", faultedEpoch: 2 },
      { do: "launch", after: 2 },
    ],
    [
      "takes a fault of an older epoch for over",
      { state: "claimed", epoch: 3, readyEpoch: 3, process: "running", faultedEpoch: 2 },
      { do: "rest" },
    ],
    [
      "gives up an idle instance whose brain has given up",
      { state: "idle", epoch: 1, readyEpoch: 1, process: "running", faultedEpoch: 1 },
      { do: "explode", reason: "idle-lost" },
    ],
    [
      "gives up a starting instance whose brain has given up",
      { state: "starting", epoch: 1, process: "running", faultedEpoch: 1 },
      { do: "explode", reason: "never-ready" },
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
      "proves a recovered instance again while there is time",
      { state: "recovering", epoch: 2, readyEpoch: 2, process: "running", unprovenEpoch: 2 },
      { do: "prove", next: "recovered" },
    ],
    [
      "starts one again that says it is ready and never proves it",
      { ...SILENT, unprovenEpoch: 2 },
      { do: "launch", after: 2 },
    ],
    [
      "ends what reported its own end",
      { state: "claimed", epoch: 1, process: "running", reportedEnd: "removed" },
      { do: "explode", reason: "removed" },
    ],
    [
      "leaves the end that its people have set to the agent for a while",
      { state: "claimed", epoch: 1, process: "running", expiresInMs: -59_999 },
      { do: "rest" },
    ],
    [
      "then ends it as they have said",
      { state: "claimed", epoch: 1, process: "running", expiresInMs: -60_000 },
      { do: "explode", reason: "exploded-by-member" },
    ],
    [
      "also one whose process is gone, instead of starting it again",
      { state: "recovering", epoch: 2, process: "absent", expiresInMs: -86_400_000 },
      { do: "explode", reason: "exploded-by-member" },
    ],
    [
      "starts it again before that time",
      { state: "claimed", epoch: 1, process: "exited", expiresInMs: 1_000 },
      { do: "launch", after: 1 },
    ],
    [
      "takes what the agent has said about its end before that time",
      { state: "claimed", epoch: 1, process: "running", reportedEnd: "removed", expiresInMs: -60_000 },
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
          for (const faultedEpoch of [0, 3]) {
            for (const startedMsAgo of [0, 1e9]) {
              const change = { state, process, epoch: 3, recentStarts, faultedEpoch, startedMsAgo };
              expect(next(change).do).not.toBe("explode");
            }
          }
        }
      }
    }
  });

  it("knows what to do in every state", () => {
    for (const state of statesOf(INSTANCE_TRANSITIONS)) expect(next({ state, epoch: 1 }).do).toBeDefined();
  });
});
