import { burstArrivals, poissonArrivals } from "./arrivals.ts";
import { benchCliff, type CliffSteps } from "./cliff.ts";
import { benchDrained } from "./drained.ts";
import { FilledPlatform } from "./filled-platform.ts";
import { openLoop } from "./load.ts";
import type { Output } from "./output.ts";

export interface LoadSuite {
  /** Claims a second, each for `seconds`. */
  rates: readonly number[];
  seconds: number;
  /** Claims at once. */
  bursts: readonly number[];
  /** Claims that meet an empty pool; 0 leaves it out. */
  drained: number;
  /** Undefined leaves it out. */
  cliff: CliffSteps | undefined;
}

/** Sustained rates, bursts, an empty pool and the capacity cliff, on two clocks. */
export async function loadSuite(output: Output, amounts: LoadSuite): Promise<void> {
  const { rates, seconds, bursts, drained, cliff } = amounts;
  await using filled = await FilledPlatform.start(output);
  const { platform } = filled;
  for (const rate of rates) {
    const arrivals = poissonArrivals({ perSecond: rate, seconds });
    await filled.fill(arrivals.length);
    await output.run(`${rate}/s Poisson for ${seconds} s`, () =>
      openLoop(platform, `rate-${rate}`, arrivals, "two"),
    );
  }
  for (const n of bursts) {
    await filled.fill(n);
    await output.run(`${n} at once`, () => openLoop(platform, `burst-${n}`, burstArrivals(n), "two"));
  }
  if (drained > 0) await benchDrained(output, filled, drained);
  if (cliff) await benchCliff(output, filled, cliff);
  await filled.noteMemory();
}
