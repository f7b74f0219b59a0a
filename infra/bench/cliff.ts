import { poissonArrivals } from "./arrivals.ts";
import type { FilledPlatform } from "./filled-platform.ts";
import { openLoop } from "./load.ts";
import type { Output } from "./output.ts";
import type { Summary } from "./percentiles.ts";
import { summaryOf } from "./samples.ts";

export interface CliffSteps {
  from: number;
  by: number;
  /** The last rate, if the cliff is not met before. */
  to: number;
  seconds: number;
}

/** Beyond this p99 a rate has fallen off the cliff. */
const CLIFF_P99_MS = 1_000;
/** What a rate has to hold, in milliseconds. */
const GOAL = { p50: 40, p90: 80, p99: 150 } as const;

export interface Step {
  rate: number;
  live: Summary;
}

export const isOverCliff = ({ live }: Step): boolean => live.failed > 0 || live.p99 > CLIFF_P99_MS;
const holdsGoal = ({ live }: Step): boolean =>
  live.failed === 0 && live.p50 <= GOAL.p50 && live.p90 <= GOAL.p90 && live.p99 <= GOAL.p99;

/** The highest rates of the steps that hold: the goal, and anything short of the cliff. */
export function highestRates(steps: readonly Step[]): {
  goal: number | undefined;
  standing: number | undefined;
} {
  const highest = (holds: (step: Step) => boolean) =>
    steps
      .filter(holds)
      .reduce<number | undefined>((best, { rate }) => Math.max(best ?? rate, rate), undefined);
  return { goal: highest(holdsGoal), standing: highest((step) => !isOverCliff(step)) };
}

/** Rates that rise in steps, each on a full pool, until the 99th percentile is above a second. */
export async function benchCliff(output: Output, filled: FilledPlatform, cliff: CliffSteps): Promise<void> {
  const { from, by, to, seconds } = cliff;
  const steps: Step[] = [];
  for (let rate = from; rate <= to; rate += by) {
    const arrivals = poissonArrivals({ perSecond: rate, seconds });
    await filled.fill(arrivals.length);
    const samples = await output.run(`cliff: ${rate}/s Poisson for ${seconds} s`, () =>
      openLoop(filled.platform, `cliff-${rate}`, arrivals, "two"),
    );
    const step = { rate, live: summaryOf(samples, "liveMs") };
    steps.push(step);
    if (isOverCliff(step)) break;
  }
  const { goal, standing } = highestRates(steps);
  const { p50, p90, p99 } = GOAL;
  output.note(
    `Highest rate that holds ${p50}/${p90}/${p99} ms: ${goal === undefined ? "none" : `${goal}/s`}.`,
  );
  output.note(
    `Highest rate with p99 ≤ ${CLIFF_P99_MS} ms and nothing refused: ${standing === undefined ? "none" : `${standing}/s`}.`,
  );
}
