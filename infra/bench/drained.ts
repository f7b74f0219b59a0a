import { setPool } from "../../activities/registry/pools.ts";
import { eventually } from "../testing/eventually.ts";
import { poissonArrivals } from "./arrivals.ts";
import type { FilledPlatform } from "./filled-platform.ts";
import { openLoop, sequential } from "./load.ts";
import type { Output } from "./output.ts";

const ARRIVALS_PER_SECOND = 20;
const QUEUE_MS = 60_000;

/** Claims that come while no agent is idle, and agents that come after them: each waiting claim takes the next one. */
export async function benchDrained(output: Output, filled: FilledPlatform, n: number): Promise<void> {
  const { platform } = filled;
  const { registry, pool } = platform;
  await setPool(registry, pool, { target: 0 });
  await sequential(platform, "drain", await filled.idle());
  const arrivals = poissonArrivals({ perSecond: ARRIVALS_PER_SECOND, seconds: n / ARRIVALS_PER_SECOND });
  const before = new Date();
  await output.run(`${arrivals.length} on an empty pool, agents come once all of them wait`, async () => {
    const asked = openLoop(platform, "drained", arrivals, "two");
    await eventually(
      "all wait",
      async () => Number((await platform.counts()).waiting) === arrivals.length,
      QUEUE_MS,
    );
    await platform.request("POST", "/api/pool/resume");
    return asked;
  });
  await platform.request("POST", "/api/pool/pause", { reason: "the benchmark measures claims" });
  const order = await servedOrder(platform, before);
  output.note(
    `On the empty pool ${overtakings(order)} of ${order.length} claims were served before one that had come earlier.`,
  );
}

/** When the claims since then had come, in the order in which they were given their agents. */
async function servedOrder(
  { registry }: FilledPlatform["platform"],
  since: Date,
): Promise<readonly number[]> {
  const rows = await registry.db
    .selectFrom("instance_events")
    .innerJoin("claims", "claims.id", "instance_events.detail")
    .select("claims.created_at")
    .where("instance_events.kind", "=", "bound")
    .where("claims.created_at", ">=", since)
    .orderBy("instance_events.id")
    .execute();
  return rows.map(({ created_at }) => created_at.getTime());
}

/** How many came later than one that stands behind them. */
export function overtakings(order: readonly number[]): number {
  let earliestBehind = Number.POSITIVE_INFINITY;
  let count = 0;
  for (const at of order.toReversed()) {
    if (at > earliestBehind) count += 1;
    earliestBehind = Math.min(earliestBehind, at);
  }
  return count;
}
