import { join } from "node:path";
import { DEFAULT_POOL } from "./options.ts";
import { AGENT_KNOBS, DEFAULT_MODEL } from "./settings-schema.ts";
import type { PartContext, TemporalEndpoint } from "./stack-parts.ts";

const AGENT_MAIN = "agent/server/main.ts";

export type Endpoints = {
  readonly databaseUrl: string;
  readonly temporal: TemporalEndpoint;
  readonly xmtpNetwork: string;
  /** Undefined: the network's own nodes. */
  readonly xmtpUrl: string | undefined;
  readonly openrouterUrl: string;
  /** The environment by which the providers' doubles are reached. */
  readonly doubles: Readonly<Record<string, string>>;
  readonly apiPort: number;
  readonly apiUrl: string;
};

/** The environment of the workers and the gateway. Whatever else `.env` sets reaches them as it is. */
export function platformEnvironment(context: PartContext, endpoints: Endpoints): Record<string, string> {
  const { options, secrets, state, root, agentUidBase } = context;
  const { temporal, xmtpUrl, apiUrl } = endpoints;
  return {
    DATABASE_URL: endpoints.databaseUrl,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    ...(temporal.uiUrl && { TEMPORAL_UI_URL: temporal.uiUrl }),
    XMTP_ENV: endpoints.xmtpNetwork,
    ...(xmtpUrl && { XMTP_API_URL: xmtpUrl }),
    ...endpoints.doubles,
    // The real Telnyx cannot reach this machine.
    ...(endpoints.doubles.TELNYX_BASE_URL && { TELNYX_WEBHOOK_URL: `${apiUrl}/webhooks/telnyx` }),
    API_PORT: String(endpoints.apiPort),
    PUBLIC_API_URL: apiUrl,
    API_KEY: secrets.apiKey,
    MASTER_KEY: secrets.masterKey,
    RECEIPT_KEY: secrets.receiptKey,
    ATTESTATION_KEYS: secrets.attestationKey,
    POOL_TARGET: String(options.pool ?? DEFAULT_POOL),
    POOL_RETARGET: "0",
    COMPUTE: "process",
    COMPUTE_DIR: state.agents,
    AGENT_COMMAND: JSON.stringify([process.execPath, join(root, AGENT_MAIN)]),
    AGENT_ENVIRONMENT: JSON.stringify(agentEnvironment(context, endpoints)),
    ...(agentUidBase !== undefined && { GATEWAY_UID_BASE: String(agentUidBase) }),
  };
}

/** What every agent gets beside what its launch adds; no secret. */
function agentEnvironment({ settings }: PartContext, endpoints: Endpoints): Record<string, string> {
  const knobs = AGENT_KNOBS.flatMap((name) => (settings[name] ? [[name, settings[name]] as const] : []));
  const providers = ["AGENTMAIL_BASE_URL", "BANKR_BASE_URL"].flatMap((name) => {
    const url = endpoints.doubles[name] ?? settings[name];
    return url === undefined ? [] : [[name, url] as const];
  });
  return {
    PATH: settings.PATH ?? "",
    GATEWAY_URL: endpoints.apiUrl,
    XMTP_ENV: endpoints.xmtpNetwork,
    ...(endpoints.xmtpUrl && { XMTP_API_URL: endpoints.xmtpUrl }),
    MODEL_BASE_URL: endpoints.openrouterUrl,
    MODEL_ID: settings.MODEL_ID ?? DEFAULT_MODEL,
    ...Object.fromEntries([...providers, ...knobs]),
  };
}
