/**
 * `npm run bench`: the platform's own programs with a durable Postgres and a WAL SQLite Temporal under load. Prints a
 * Markdown table and keeps every sample in `--out`. `--suite claims` (the default), `load`, `bind`,
 * `conversation` (a real agent and people, without a database) or `skills` (their heavy work, without an agent); the other
 * options change the amounts.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bindSuite } from "./bind-suite.ts";
import { claimsSuite } from "./claims-suite.ts";
import { conversationSuite } from "./conversation-suite.ts";
import { loadSuite } from "./load-suite.ts";
import { Output } from "./output.ts";
import { skillsSuite } from "./skills-suite.ts";

const ROOT = join(import.meta.dirname, "..", "..");

const { values } = parseArgs({
  options: {
    suite: { type: "string", default: "claims" },
    out: { type: "string", default: join(ROOT, ".bench") },
    seconds: { type: "string" },
    // claims
    claims: { type: "string", default: "200" },
    rate: { type: "string", default: "45" },
    real: { type: "string", default: "5" },
    // load
    rates: { type: "string", default: "45,75" },
    bursts: { type: "string", default: "100,300" },
    drained: { type: "string", default: "200" },
    "cliff-from": { type: "string", default: "45" },
    "cliff-by": { type: "string", default: "15" },
    "cliff-to": { type: "string", default: "300" },
    "cliff-seconds": { type: "string", default: "20" },
    // bind
    rows: { type: "string", default: "100000" },
    concurrency: { type: "string", default: "8" },
    // conversation
    boots: { type: "string", default: "3" },
    turns: { type: "string", default: "200" },
    silences: { type: "string", default: "50" },
    greetings: { type: "string", default: "10" },
    // skills
    times: { type: "string", default: "5" },
  },
});

const numbers = (list: string): number[] =>
  list
    .split(",")
    .filter((text) => text !== "")
    .map(Number);

const SUITES: Readonly<Record<string, (output: Output) => Promise<void>>> = {
  claims: (output) =>
    claimsSuite(output, {
      claims: Number(values.claims),
      rate: Number(values.rate),
      seconds: Number(values.seconds ?? 60),
      real: Number(values.real),
    }),
  load: (output) =>
    loadSuite(output, {
      rates: numbers(values.rates),
      seconds: Number(values.seconds ?? 60),
      bursts: numbers(values.bursts),
      drained: Number(values.drained),
      cliff:
        Number(values["cliff-to"]) === 0
          ? undefined
          : {
              from: Number(values["cliff-from"]),
              by: Number(values["cliff-by"]),
              to: Number(values["cliff-to"]),
              seconds: Number(values["cliff-seconds"]),
            },
    }),
  bind: (output) =>
    bindSuite(output, {
      rows: Number(values.rows),
      seconds: Number(values.seconds ?? 20),
      concurrency: Number(values.concurrency),
    }),
  conversation: (output) =>
    conversationSuite(output, {
      boots: Number(values.boots),
      turns: Number(values.turns),
      silences: Number(values.silences),
      greetings: Number(values.greetings),
    }),
  skills: (output) => skillsSuite(output, { times: Number(values.times) }),
};

const suite = SUITES[values.suite];
if (!suite) throw new RangeError(`--suite is none of ${Object.keys(SUITES).join(", ")}`);
const output = new Output(values.suite);
await suite(output);
output.say(`raw samples: ${await output.finish(values.out)}`);
