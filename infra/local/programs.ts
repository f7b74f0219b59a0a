/** The platform's own programs, in the order in which they start. Each prints one ready line (node-child.ts). */
export type Program = {
  readonly name: string;
  /** Relative to the repository. */
  readonly script: string;
  readonly readyTimeoutMs: number;
  /** Whole seconds from SIGTERM to SIGKILL. */
  readonly graceS: number;
};

export const PROGRAMS: readonly Program[] = [
  { name: "workers", script: "workers/main.ts", readyTimeoutMs: 120_000, graceS: 30 },
  { name: "claim-worker", script: "workers/claims-main.ts", readyTimeoutMs: 120_000, graceS: 30 },
  { name: "gateway", script: "api/main.ts", readyTimeoutMs: 60_000, graceS: 15 },
];
