import { defineConfig } from "vitest/config";

/** Real parts are slow to start and share two cores: files run in forks, at most two at once. */
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", ".local/**", ".cache/**"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    reporters: ["default"],
  },
});
