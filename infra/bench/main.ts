/**
 * `npm run bench`: claim → live at the caller, on the platform's own programs with a durable Postgres and a WAL
 * SQLite Temporal. Prints a Markdown table. `--claims`, `--rate`, `--seconds`, `--real` change the amounts.
 */
import { parseArgs } from "node:util";
import { setPool } from "../../activities/registry/pools.ts";
import { eventually } from "../testing/eventually.ts";
import { TestPlatform } from "../testing/platform.ts";
import { poisson, sequential } from "./load.ts";
import { describeMachine, loadAverage, residentMib } from "./machine.ts";
import type { Summary } from "./percentiles.ts";
import { benchRealAgents } from "./real-agents.ts";

const { values } = parseArgs({
  options: {
    claims: { type: "string", default: "200" },
    rate: { type: "string", default: "45" },
    seconds: { type: "string", default: "60" },
    real: { type: "string", default: "5" },
  },
});
const amounts = {
  claims: Number(values.claims),
  rate: Number(values.rate),
  seconds: Number(values.seconds),
  real: Number(values.real),
};
const WARM_UP = 20;
/** Programs that have just started answer more slowly: their first seconds under load are a row of their own. */
const COLD_SECONDS = 10;

const rows: string[] = [];
const say = (text: string) => process.stderr.write(`${text}\n`);
const row = (what: string, summary: Summary, load: number) =>
  rows.push(
    `| ${what} | ${summary.n} | ${summary.failed} | ${summary.p50} | ${summary.p90} | ${summary.p99} | ${summary.max} | ${load} |`,
  );

await benchStandIns();
if (amounts.real > 0)
  await benchRealAgents({ agents: amounts.real, say, row, note: (text) => rows.push(text) });

process.stdout.write(
  [
    `${new Date().toISOString().slice(0, 10)}; ${describeMachine()}; Postgres fsync on, Temporal dev server on SQLite (WAL, synchronous NORMAL, one shard), everything on this machine`,
    "",
    "| claim → live at the caller, ms | n | failed | p50 | p90 | p99 | max | load average before |",
    "|---|---|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n"),
);

async function benchStandIns(): Promise<void> {
  const idle = WARM_UP + amounts.claims + Math.ceil(amounts.rate * (COLD_SECONDS + amounts.seconds) * 1.1);
  await using platform = await TestPlatform.start({
    target: 1,
    surge: 100,
    compute: "stand-in",
    durable: true,
  });
  const started = performance.now();
  await platform.run("workers", "claims", "gateway");
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  await eventually("the first is idle", async () => Number((await platform.counts()).idle) > 0, 60_000);
  say(`first stand-in idle after ${seconds()} s`);
  // More than an operator may ask for: a benchmark takes what a day of claims would.
  await setPool(platform.registry, platform.pool, { target: idle });
  await eventually(`${idle} are idle`, async () => Number((await platform.counts()).idle) >= idle, 1_800_000);
  say(`${idle} stand-ins idle after ${seconds()} s`);
  await platform.request("POST", "/api/pool/pause", {
    reason: "the benchmark measures claims, not refilling",
  });
  await sequential(platform, "warm-up", WARM_UP);

  let load = loadAverage();
  row("stand-ins, one after the other", await sequential(platform, "sequential", amounts.claims), load);
  load = loadAverage();
  row(
    `stand-ins, ${amounts.rate}/s Poisson, the first ${COLD_SECONDS} s`,
    await poisson(platform, "cold", { perSecond: amounts.rate, seconds: COLD_SECONDS }),
    load,
  );
  load = loadAverage();
  const open = await poisson(platform, "poisson", { perSecond: amounts.rate, seconds: amounts.seconds });
  row(`stand-ins, ${amounts.rate}/s Poisson for ${amounts.seconds} s after that`, open, load);
  say(`p50 of each 10 s: ${open.windowsP50.join(", ")} ms`);
  for (const name of ["gateway", "workers", "claims"] as const) {
    say(`${name}: ${await residentMib(platform.program(name).pid)} MiB`);
  }
  say(`Temporal: ${await residentMib(platform.temporalPid)} MiB`);
}
