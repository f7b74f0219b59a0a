import { poissonArrivals } from "./arrivals.ts";
import { FilledPlatform } from "./filled-platform.ts";
import { openLoop, sequential } from "./load.ts";
import type { Output } from "./output.ts";
import { benchRealAgents } from "./real-agents.ts";

/** Programs that have just started answer more slowly: their first seconds under load are a row of their own. */
const COLD_SECONDS = 10;

export interface ClaimsSuite {
  /** One after the other. */
  claims: number;
  rate: number;
  seconds: number;
  /** Real agents; 0 leaves them out. */
  real: number;
}

/** Claim → live in one request: one after the other, at a rate from cold and then warm, and with real agents. */
export async function claimsSuite(output: Output, amounts: ClaimsSuite): Promise<void> {
  const { claims, rate, seconds, real } = amounts;
  await benchStandIns(output, { claims, rate, seconds });
  if (real > 0) await benchRealAgents(output, real);
}

async function benchStandIns(
  output: Output,
  { claims, rate, seconds }: Omit<ClaimsSuite, "real">,
): Promise<void> {
  await using filled = await FilledPlatform.start(output);
  const { platform } = filled;
  const cold = poissonArrivals({ perSecond: rate, seconds: COLD_SECONDS });
  const warm = poissonArrivals({ perSecond: rate, seconds });
  await filled.fill(claims + cold.length + warm.length);
  await output.run("stand-ins, one after the other", () => sequential(platform, "sequential", claims));
  await output.run(`stand-ins, ${rate}/s Poisson, the first ${COLD_SECONDS} s`, () =>
    openLoop(platform, "cold", cold, "one"),
  );
  await output.run(`stand-ins, ${rate}/s Poisson for ${seconds} s after that`, () =>
    openLoop(platform, "warm", warm, "one"),
  );
  await filled.noteMemory();
}
