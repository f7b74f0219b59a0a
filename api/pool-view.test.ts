import { expect, test } from "vitest";
import type { PoolView } from "../activities/registry/read-pool.ts";
import { whyNotFull } from "./pool-view.ts";
import { POOL } from "./testing/instances.ts";

const NOW = new Date("2026-11-01T00:00:00Z");
const LATER = new Date(NOW.getTime() + 4_000);
const broken = (kind: "starts" | "claims", code: string) => [{ kind, code, openedAt: NOW }];
const pool = (facts: Partial<PoolView>, counts: Partial<PoolView["counts"]> = {}): PoolView => ({
  name: POOL,
  target: 3,
  surge: 2,
  generation: "g",
  numberTiming: "eager",
  walletTiming: "eager",
  startsPerMinute: 60,
  startsWithinMinute: 0,
  rateFreeAt: undefined,
  maxAgeS: 86_400,
  stale: 0,
  breakers: [],
  rolloutStrategy: "OnReplenish",
  rolloutSince: undefined,
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
  [
    pool({ startsPerMinute: 2, startsWithinMinute: 2, rateFreeAt: LATER }, { idle: 1 }),
    "1 of 3 idle: all 2 starts of this minute are used, the next one is due at 2026-11-01T00:00:04.000Z.",
  ],
  [
    pool({ breakers: broken("starts", "openrouter/exhausted") }, { provisioning: 1 }),
    "0 of 3 idle: starts fail alike (openrouter/exhausted), so one is tried at a time until one succeeds.",
  ],
  [
    pool({ breakers: broken("starts", "never-ready"), failuresInARow: 3, retryAfter: LATER }),
    "0 of 3 idle: starts fail alike (never-ready), so one is tried at a time until one succeeds, the next one is tried at 2026-11-01T00:00:04.000Z.",
  ],
  [
    pool({ breakers: broken("claims", "agent-unreachable") }, { idle: 3 }),
    "The pool is full: 3 of 3 idle; claims are refused since they fail alike (agent-unreachable) until one probe succeeds.",
  ],
  [
    pool({ breakers: broken("claims", "agent-unreachable") }, { idle: 1, provisioning: 1 }),
    "1 of 3 idle: claims are refused since they fail alike (agent-unreachable) until one probe succeeds; 1 agent is starting, at most 2 at once.",
  ],
  [pool({ stale: 1 }, { idle: 3 }), "The pool is full: 3 of 3 idle; 1 is too old, replaced one at a time."],
  [
    pool({ stale: 2, rolloutStrategy: "Recreate", rolloutSince: NOW }, { idle: 3 }),
    "The pool is full: 3 of 3 idle; 2 are too old or not of g, replaced one at a time.",
  ],
  [
    pool({ stale: 2, pausedReason: "maintenance" }, { idle: 3 }),
    "The pool is full: 3 of 3 idle; 2 are too old, not replaced while paused (maintenance).",
  ],
])("%#: %s", (view, sentence) => {
  expect(whyNotFull(view, NOW)).toBe(sentence);
});
