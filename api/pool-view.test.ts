import { expect, test } from "vitest";
import type { PoolView } from "../activities/registry/pools.ts";
import { whyNotFull } from "./pool-view.ts";
import { POOL } from "./testing/instances.ts";

const NOW = new Date("2026-11-01T00:00:00Z");
const pool = (facts: Partial<PoolView>, counts: Partial<PoolView["counts"]> = {}): PoolView => ({
  name: POOL,
  target: 3,
  surge: 2,
  generation: "g",
  numberTiming: "eager",
  walletTiming: "eager",
  pausedReason: undefined,
  failuresInARow: 0,
  retryAfter: undefined,
  ...facts,
  counts: { idle: 0, provisioning: 0, claimed: 0, quarantined: 0, exploding: 0, waiting: 0, ...counts },
});

test.each([
  [pool({}, { idle: 3 }), "The pool is full: 3 of 3 idle."],
  [
    pool({ pausedReason: "maintenance" }, { idle: 1 }),
    "1 of 3 idle: the pool is paused (maintenance) and starts nothing until it is resumed.",
  ],
  [
    pool({ failuresInARow: 2, retryAfter: new Date(NOW.getTime() + 4_000) }),
    "0 of 3 idle: the last 2 starts have failed, the next one is tried at 2026-11-01T00:00:04.000Z.",
  ],
  [
    pool({ failuresInARow: 2, retryAfter: NOW }, { provisioning: 1 }),
    "0 of 3 idle: 1 agent is starting, at most 2 at once.",
  ],
  [pool({ surge: 0 }), "0 of 3 idle: the pool's surge is 0, so it starts nothing by itself."],
  [
    pool({}, { idle: 3, waiting: 2 }),
    "3 of 3 idle while 2 claims wait: the missing ones are started when the pool's workflow looks next, within 30 s.",
  ],
  [
    pool({}, { waiting: 1, provisioning: 2 }),
    "0 of 3 idle while 1 claim waits: 2 agents are starting, at most 2 at once.",
  ],
])("%#: %s", (view, sentence) => {
  expect(whyNotFull(view, NOW)).toBe(sentence);
});
