import type { Retries } from "../engine/activity.ts";

/** The retries of `workflows/activities.ts`. */
export const FOR_EVER: Retries = { firstPauseMs: 1_000, longestPauseMs: 300_000 };
export const OFTEN: Retries = { firstPauseMs: 500, longestPauseMs: 10_000, obeysFinalCodes: true };
export const LAUNCH: Retries = {
  firstPauseMs: 1_000,
  longestPauseMs: 15_000,
  maxAttempts: 5,
  attemptMs: 120_000,
  obeysFinalCodes: true,
};
export const PROVE: Retries = {
  firstPauseMs: 500,
  longestPauseMs: 5_000,
  maxAttempts: 10,
  attemptMs: 15_000,
};
export const DELIVER: Retries = { firstPauseMs: 200, longestPauseMs: 2_000, attemptMs: 25_000 };
export const RESOURCE: Retries = {
  firstPauseMs: 1_000,
  longestPauseMs: 30_000,
  withinMs: 600_000,
  attemptMs: 60_000,
  obeysFinalCodes: true,
};
export const AGENT_END: Retries = {
  firstPauseMs: 1_000,
  longestPauseMs: 10_000,
  withinMs: 180_000,
  attemptMs: 90_000,
};
export const ONCE: Retries = { firstPauseMs: 1_000, longestPauseMs: 1_000, maxAttempts: 1 };
