import type { Skill, SkillName } from "../../agent/skills/kit/skill.ts";
import type { LiveConfig } from "./config.ts";
import { seen } from "./seen.ts";

/** What a skill's test is run with. */
export interface LiveContext {
  config: LiveConfig;
  /** Whether money may leave the wallet. */
  mayPay: boolean;
  /** Aborts when the person stops it. */
  signal: AbortSignal;
  /** Has a value left out of everything that is printed. */
  hide(secret: string): void;
  /** What is made is removed by this, however the test ends. */
  cleanup: AsyncDisposableStack;
}

/** Something to use, with the skill itself. */
export interface Scene {
  skill: Skill;
}

export interface Step<S extends Scene> {
  name: string;
  /** About what it costs at the real provider, at most, in US dollars. */
  costUsd: number;
  /** What is missing for this step alone; undefined when nothing is. */
  missing?(context: LiveContext): string | undefined;
  /** Resolves with what was seen, in a short line. Rejects when it is not as it should be. */
  run(scene: S, signal: AbortSignal): Promise<string>;
}

export interface SuiteDefinition<S extends Scene> {
  skill: SkillName;
  /** What is missing for all of it; undefined when nothing is. */
  missing?(context: LiveContext): Promise<string | undefined> | string | undefined;
  open(context: LiveContext): Promise<S>;
  steps: readonly Step<S>[];
}

/** What became of a step. */
export type StepOutcome =
  | { kind: "passed"; seen: string; durationMs: number }
  | { kind: "left-out"; missing: string }
  | { kind: "failed"; error: unknown };

export interface Suite {
  skill: SkillName;
  steps: readonly { name: string; costUsd: number; missing(context: LiveContext): string | undefined }[];
  missing(context: LiveContext): Promise<string | undefined>;
  /** Tells the outcome of each step; the first that fails is the last. Rejects when it cannot begin. */
  run(context: LiveContext, tell: (step: string, outcome: StepOutcome) => void): Promise<void>;
}

const STEP_TIMEOUT_MS = 240_000;

const SET_UP: Step<Scene> = {
  name: "is set up",
  costUsd: 0,
  run: async ({ skill }, signal) => {
    const { state, detail } = await skill.setup(signal);
    return seen(state === "ready" && detail, `the skill is ready, not ${state}`, detail);
  },
};

/** A skill's test; its first step is the skill's own look at its configuration. */
export function defineSuite<S extends Scene>(definition: SuiteDefinition<S>): Suite {
  const steps: readonly Step<S>[] = [SET_UP, ...definition.steps];
  return {
    skill: definition.skill,
    steps: steps.map(({ name, costUsd, missing = () => undefined }) => ({ name, costUsd, missing })),
    missing: async (context) => definition.missing?.(context),
    run: async (context, tell) => {
      const scene = await definition.open(context);
      for (const step of steps) {
        context.signal.throwIfAborted();
        const outcome = await take(step, scene, context);
        tell(step.name, outcome);
        if (outcome.kind === "failed") return;
      }
    },
  };
}

async function take<S extends Scene>(step: Step<S>, scene: S, context: LiveContext): Promise<StepOutcome> {
  const missing = step.missing?.(context);
  if (missing !== undefined) return { kind: "left-out", missing };
  const startedMs = Date.now();
  try {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(STEP_TIMEOUT_MS)]);
    const line = await step.run(scene, signal);
    return { kind: "passed", seen: line, durationMs: Date.now() - startedMs };
  } catch (error) {
    return { kind: "failed", error };
  }
}
