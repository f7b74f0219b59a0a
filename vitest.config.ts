import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The whole under fire, and what runs a real openclaw gateway (about 1 GB each). Most of it waits, for a boot or for the
 * time-out of what was killed. The longest come first, so that none of them is alone at the end.
 */
const WHOLE = [
  "infra/testing/agent-faults.test.ts",
  "infra/testing/worker-crash.test.ts",
  "infra/testing/saga-matrix.test.ts",
  "infra/testing/skills/skills.test.ts",
  "agent/server/gateway/idle-cost.e2e.test.ts",
  "agent/server/planted-strings.test.ts",
  "infra/chaos/chaos.test.ts",
  "agent/server/soak.test.ts",
  "agent/server/gateway/gateway.e2e.test.ts",
  "infra/testing/main-job.test.ts",
  "agent/server/openclaw-brain.test.ts",
  "infra/testing/rollout.test.ts",
  "infra/testing/canary.test.ts",
  "infra/testing/railway-platform.test.ts",
  "infra/testing/docker-platform.test.ts",
  "infra/codec/platform.test.ts",
  "infra/interop/*.test.ts",
  "workflows/long-timers.test.ts",
];

const SHARED = { pool: "forks", testTimeout: 30_000, hookTimeout: 120_000, maxWorkers: 2 } as const;

/** On a new machine nothing is known of how long a file took; the order above stands in for it. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = WHOLE.indexOf(relative(this.ctx.config.root, moduleId));
      return index === -1 ? WHOLE.length : index;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Two groups, one after the other, on two cores: the parts, and the whole. */
export default defineConfig({
  test: {
    reporters: ["default"],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...SHARED,
          name: "parts",
          include: ["**/*.test.ts"],
          exclude: ["**/node_modules/**", ".local/**", ".cache/**", ...WHOLE],
          sequence: { groupOrder: 0 },
        },
      },
      { test: { ...SHARED, name: "whole", include: WHOLE, sequence: { groupOrder: 1 } } },
    ],
  },
});
