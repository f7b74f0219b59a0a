/**
 * How a new generation of agents comes into a pool.
 *
 * OnReplenish  only what is started anyway is of the new generation
 * Recreate     idle agents of other generations are replaced as well, one at a time, each once a new one is idle
 */
export const ROLLOUT_STRATEGIES = ["OnReplenish", "Recreate"] as const;
export type RolloutStrategy = (typeof ROLLOUT_STRATEGIES)[number];

/** What names a generation: an agent's build and configuration. */
export const GENERATION_PATTERN = "^[A-Za-z0-9._-]{1,64}$";
