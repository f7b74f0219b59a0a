import { setTimeout as delay } from "node:timers/promises";

/** The clock that waits are measured on; a test gives the provider double's. */
export interface Time {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export const SYSTEM_TIME: Time = {
  now: () => Date.now(),
  sleep: async (ms) => {
    await delay(ms);
  },
};
