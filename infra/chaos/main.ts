/**
 * `npm run chaos`: callers claim while Postgres, Temporal, the workers and the gateway are killed in rotation. Prints a
 * summary on standard error and the whole report as JSON on standard output; ends with 1 when anything is wrong.
 */
import { parseArgs } from "node:util";
import { describeRun } from "./report.ts";
import { runChaos } from "./run.ts";

const MAX_SEED = 2 ** 31;

const { values } = parseArgs({
  options: {
    claims: { type: "string", default: "5000" },
    callers: { type: "string", default: "24" },
    target: { type: "string", default: "20" },
    surge: { type: "string", default: "20" },
    seed: { type: "string", default: String(Math.floor(Math.random() * MAX_SEED)) },
  },
});

const say = (text: string) => process.stderr.write(`${text}\n`);
say(`seed ${values.seed}`);
const report = await runChaos({
  claims: Number(values.claims),
  callers: Number(values.callers),
  target: Number(values.target),
  surge: Number(values.surge),
  seed: Number(values.seed),
  pace: { calmMs: { min: 4_000, max: 12_000 }, downMs: { min: 0, max: 2_000 } },
  say,
});
say(describeRun(report));
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.findings.length === 0 && report.unrest === undefined ? 0 : 1;
