import { defineConfig } from "vitest/config";

/** Each of these runs a real openclaw gateway: about 1 GB and most of a core while it boots, so one at a time. */
const REAL_GATEWAY = [
  "agent/server/gateway/gateway.e2e.test.ts",
  "agent/server/openclaw-brain.test.ts",
  "agent/server/planted-strings.test.ts",
  "agent/server/gateway/idle-cost.e2e.test.ts",
  "infra/testing/main-job.test.ts",
  "infra/testing/skills/skills.test.ts",
];
/** These mostly wait: for time-outs of what they killed. */
const SCENARIOS = [
  "infra/testing/worker-crash.test.ts",
  "infra/testing/agent-faults.test.ts",
  "infra/testing/saga-matrix.test.ts",
  "infra/testing/rollout.test.ts",
  "infra/testing/canary.test.ts",
  "infra/testing/railway-platform.test.ts",
  "infra/testing/docker-platform.test.ts",
  "infra/chaos/chaos.test.ts",
  "infra/codec/platform.test.ts",
  "infra/interop/*.test.ts",
  "agent/server/soak.test.ts",
  "workflows/long-timers.test.ts",
];

const EXCLUDED = ["**/node_modules/**", ".local/**", ".cache/**"];
const SHARED = { pool: "forks", testTimeout: 30_000, hookTimeout: 120_000 } as const;

/** Three groups, one after the other, on two cores: the parts, the whole under fire, the real gateway. */
export default defineConfig({
  test: {
    reporters: ["default"],
    projects: [
      {
        test: {
          ...SHARED,
          name: "parts",
          include: ["**/*.test.ts"],
          exclude: [...EXCLUDED, ...REAL_GATEWAY, ...SCENARIOS],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...SHARED,
          name: "scenarios",
          include: SCENARIOS,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...SHARED,
          name: "real gateway",
          include: REAL_GATEWAY,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
