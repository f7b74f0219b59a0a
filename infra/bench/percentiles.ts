export interface Summary {
  n: number;
  failed: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** Nearest-rank percentiles in milliseconds, nothing trimmed. */
export function summarize(latenciesMs: readonly number[], failed: number): Summary {
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const rank = (share: number) => Math.round((sorted[Math.ceil(share * sorted.length) - 1] ?? 0) * 10) / 10;
  return { n: sorted.length, failed, p50: rank(0.5), p90: rank(0.9), p99: rank(0.99), max: rank(1) };
}
