import { randomBytes } from "node:crypto";

/** What the warm-up needs of the loopback server. */
export interface ProbeRunner {
  probe(nonce: string, timeoutMs: number): Promise<void>;
}

const PROBE_TIMEOUT_MS = 90_000;

/**
 * Runs one turn through the whole way (channel, gateway, model proxy) without asking the provider, so that what
 * openclaw loads at its first turn is loaded before anybody waits for it.
 */
export const createWarmup =
  (loopback: ProbeRunner): (() => Promise<void>) =>
  () =>
    loopback.probe(randomBytes(16).toString("hex"), PROBE_TIMEOUT_MS);
