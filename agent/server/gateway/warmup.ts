import { randomBytes } from "node:crypto";

/** What the warm-up needs of the loopback server. */
export interface ProbeRunner {
  probe(nonce: string, signal: AbortSignal): Promise<void>;
}

const PROBE_TIMEOUT_MS = 90_000;
/** On a machine that is busy the first run of a turn may take longer than a later one is allowed to. */
const PROBES_MAX = 3;

/**
 * Runs one turn through the whole way (channel, gateway, model proxy) without asking the provider, so that what
 * openclaw loads at its first turn is loaded before anybody waits for it. Rejects when `signal` aborts, and when no
 * attempt came back.
 */
export const createWarmup =
  (loopback: ProbeRunner) =>
  async (signal: AbortSignal): Promise<void> => {
    // One for all attempts: a turn that comes back late must not reach the provider either.
    const nonce = randomBytes(16).toString("hex");
    for (let attempt = 1; ; attempt += 1) {
      try {
        const timeout = AbortSignal.timeout(PROBE_TIMEOUT_MS);
        return await loopback.probe(nonce, AbortSignal.any([signal, timeout]));
      } catch (error) {
        if (signal.aborted || attempt === PROBES_MAX) throw error;
      }
    }
  };
