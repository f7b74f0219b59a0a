import { pause } from "../wake.ts";
import type { Gateway } from "./start-gateway.ts";

export const HEALTH = {
  intervalMs: 15_000,
  /** So many times in a row without an answer, and a gateway counts as wedged. */
  missesMax: 4,
} as const;

export interface HealthOptions {
  gateway: Pick<Gateway, "answers">;
  /** Whether a turn has been with the gateway longer than any turn may take. */
  isStuck: () => boolean;
  /** Ends the watch. */
  signal: AbortSignal;
}

/** Resolves with true when the gateway is wedged: it runs and does not work. With false when `signal` aborts. */
export async function becomesWedged({ gateway, isStuck, signal }: HealthOptions): Promise<boolean> {
  let misses = 0;
  for (;;) {
    await pause(HEALTH.intervalMs, signal);
    if (signal.aborted) return false;
    misses = (await gateway.answers()) ? 0 : misses + 1;
    if (signal.aborted) return false;
    if (misses >= HEALTH.missesMax || isStuck()) return true;
  }
}
