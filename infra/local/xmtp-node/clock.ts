let lastNs = 0n;

/** Now in nanoseconds since 1970, never the same twice: clients order messages by it. */
export function nowNs(): bigint {
  const clockNs = BigInt(Date.now()) * 1_000_000n;
  lastNs = clockNs > lastNs ? clockNs : lastNs + 1n;
  return lastNs;
}
