import { seeded } from "./random.ts";

export interface Rate {
  readonly perSecond: number;
  readonly seconds: number;
}

/** When each claim is due, in milliseconds from the start: Poisson, drawn beforehand, the same for the same seed. */
export function poissonArrivals({ perSecond, seconds }: Rate, seed = 42): number[] {
  const random = seeded(seed);
  const dueMs: number[] = [];
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random()) / perSecond) * 1_000;
    if (at >= seconds * 1_000) return dueMs;
    dueMs.push(at);
  }
}

/** All at the same moment. */
export const burstArrivals = (n: number): number[] => Array.from({ length: n }, () => 0);
