import { ToolError } from "../../agent/skills/kit/tool-error.ts";
import { type LiveConfig, secretsOf } from "./config.ts";
import { NotSeenError } from "./seen.ts";
import type { LiveContext, StepOutcome, Suite } from "./suite.ts";

export interface LiveRun {
  suites: readonly Suite[];
  config: LiveConfig;
  mayPay: boolean;
  signal: AbortSignal;
  /** Takes one line for the person. */
  say(line: string): void;
}

/** How many skills went which way. */
export interface LiveResult {
  passed: number;
  failed: number;
  skipped: number;
  /** Steps of skills that ran, for which something was missing. */
  stepsLeftOut: number;
}

const REASON_MAX_CHARS = 600;
type Verdict = "passed" | "failed" | "skipped";

/** Runs the tests of the skills one after the other, and says how it goes; no secret is in what it says. */
export async function runLive(run: LiveRun): Promise<LiveResult> {
  const secrets = new Set(secretsOf(run.config));
  const say = (line: string): void => run.say(redacted(line, secrets));
  const result: LiveResult = { passed: 0, failed: 0, skipped: 0, stepsLeftOut: 0 };
  for (const suite of run.suites) {
    run.signal.throwIfAborted();
    result[await runSuite(suite, run, { secrets, say, result })] += 1;
  }
  const { passed, failed, skipped, stepsLeftOut } = result;
  say(
    `${passed} passed, ${failed} failed, ${skipped} skipped${stepsLeftOut > 0 ? `; ${stepsLeftOut} steps left out` : ""}`,
  );
  return result;
}

async function runSuite(
  suite: Suite,
  run: LiveRun,
  { secrets, say, result }: { secrets: Set<string>; say(line: string): void; result: LiveResult },
): Promise<Verdict> {
  let verdict: Verdict = "passed";
  const fail = (what: string, error: unknown): void => {
    say(`  ✗ ${what}: ${reasonOf(error)}`);
    verdict = "failed";
  };
  const tell = (step: string, outcome: StepOutcome): void => {
    switch (outcome.kind) {
      case "failed":
        fail(step, outcome.error);
        break;
      case "left-out":
        result.stepsLeftOut += 1;
        say(`  - ${step}: left out, it needs ${outcome.missing}`);
        break;
      case "passed":
        say(`  ✓ ${step} (${(outcome.durationMs / 1_000).toFixed(1)} s): ${outcome.seen}`);
    }
  };
  const cleanup = new AsyncDisposableStack();
  const hide = (secret: string): void => void secrets.add(secret);
  const context: LiveContext = { ...run, hide, cleanup };
  const missing = await suite.missing(context);
  if (missing !== undefined) {
    say(`skipped: ${suite.skill}: ${missing}`);
    return "skipped";
  }
  say(`${suite.skill}: ${costLine(suite, context)}`);
  try {
    await suite.run(context, tell);
  } catch (error) {
    fail("cannot go on", error);
  }
  try {
    await cleanup.disposeAsync();
  } catch (error) {
    fail("not all that was made for the test is gone; look at the provider for names with live-", error);
  }
  return verdict;
}

/** What the steps that will run may cost. */
function costLine({ steps }: Suite, context: LiveContext): string {
  const costUsd = steps
    .filter((step) => step.missing(context) === undefined)
    .reduce((sum, step) => sum + step.costUsd, 0);
  return costUsd === 0 ? "costs nothing" : `may cost up to about $${costUsd.toFixed(2)}`;
}

/** The steps of the skills and what each may cost. */
export const listOf = (suites: readonly Suite[]): string =>
  suites
    .flatMap(({ skill, steps }) => [
      skill,
      ...steps.map(
        ({ name, costUsd }) => `  ${name}${costUsd === 0 ? "" : ` (about $${costUsd.toFixed(2)})`}`,
      ),
    ])
    .join("\n");

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown failure";
  const isSentence = error instanceof ToolError || error instanceof NotSeenError;
  const cause = error.cause instanceof Error ? ` (${error.cause.name}: ${error.cause.message})` : "";
  return `${isSentence ? "" : `${error.name}: `}${error.message}${cause}`.slice(0, REASON_MAX_CHARS);
}

function redacted(line: string, secrets: ReadonlySet<string>): string {
  let text = line;
  for (const secret of secrets) text = text.replaceAll(secret, "[secret]");
  return text;
}
