import { join } from "node:path";

/**
 * The globals that may not be used in what runs within workflows: a replay elsewhere and later would go another way.
 * `Date`, `Math.random` and `setTimeout` are the workflow's own in Temporal's sandbox. Run from the repository.
 */
export const DETERMINISM = {
  name: "Determinism",
  script: "node_modules/@biomejs/biome/bin/biome",
  args: [
    ...["lint", `--config-path=${join(import.meta.dirname, "determinism.biome.json")}`],
    ...["workflows", "domain"],
  ],
} as const;
