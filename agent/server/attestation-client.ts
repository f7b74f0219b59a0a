import { Value } from "typebox/value";
import { AgentAttestation } from "../../domain/attestation.ts";
import { readCapped } from "./capped-body.ts";

/** Whoever asks to be let in waits for it. */
const REQUEST_TIMEOUT_MS = 3_000;
const MAX_ANSWER_BYTES = 4_096;

/**
 * Asks the platform to attest the same inbox as of now. Undefined when it does not: the key that signed is not its own
 * any more, or the instance is over. Rejects when it could not be asked.
 */
export type RenewAttestation = (
  former: AgentAttestation,
  signal: AbortSignal,
) => Promise<AgentAttestation | undefined>;

export interface AttestationClientOptions {
  /** Undefined for a standalone agent, which nobody attests. */
  gatewayUrl: string | undefined;
  instanceId: string;
  instanceSecret: string;
}

const REFUSALS = new Set([404, 409, 410]);

export function createAttestationClient(options: AttestationClientOptions): RenewAttestation {
  const { gatewayUrl, instanceId, instanceSecret } = options;
  if (gatewayUrl === undefined) return async () => undefined;
  const url = `${gatewayUrl}/api/instances/${encodeURIComponent(instanceId)}/attestation`;
  return async (former, signal) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${instanceSecret}`, "content-type": "application/json" },
      body: JSON.stringify(former),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      if (REFUSALS.has(response.status)) return undefined;
      throw new Error(`the platform answered ${response.status}`);
    }
    const text = await readCapped(response, MAX_ANSWER_BYTES);
    if (text === undefined) throw new Error("the platform answered with too much");
    const renewed: unknown = JSON.parse(text);
    if (!Value.Check(AgentAttestation, renewed) || renewed.inboxId !== former.inboxId)
      throw new Error("the platform answered with something else than the inbox's attestation");
    return renewed;
  };
}
