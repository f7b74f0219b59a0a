import { dirname, join } from "node:path";
import { Value } from "typebox/value";
import type { AgentSecrets, StandaloneEquipment } from "../../domain/agent-protocol.ts";
import { type AgentConfig, AgentEnvironment, ConfigError, parseConfig } from "../server/config.ts";
import { parseSecrets } from "../server/secrets.ts";
import type { EnvFile } from "./env-file.ts";

/** What `key-provision` writes into the agent's file beside the names of the agent's own environment. */
export const PROVISIONED = [
  "INSTANCE_SECRET",
  "STATE_KEY",
  "MODEL_KEY",
  "MODEL_KEY_HASH",
  "AGENTMAIL_INBOX",
  "AGENTMAIL_INBOX_KEY",
  "AGENTMAIL_INBOX_KEY_ID",
  "TELNYX_MESSAGING_PROFILE_ID",
  "TELNYX_ORDER_STARTED_AT",
  "TELNYX_PHONE_NUMBER",
  "BANKR_API_KEY",
] as const;

/** The accounts that it provisions from. They are worth far more than one agent, so they stay out of its file. */
export const ACCOUNT_KEYS = ["OPENROUTER_MANAGEMENT_KEY", "AGENTMAIL_API_KEY", "TELNYX_API_KEY"] as const;
const ACCOUNT_URLS = ["OPENROUTER_BASE_URL", "AGENTMAIL_BASE_URL", "TELNYX_BASE_URL"] as const;

const OWN_NAMES = Object.keys(AgentEnvironment.properties);
const FILE_NAMES: ReadonlySet<string> = new Set([
  ...OWN_NAMES,
  ...PROVISIONED,
  ...ACCOUNT_URLS,
  "OPENCLAW_STATE_DIR",
]);
const KNOWN: ReadonlySet<string> = new Set([...FILE_NAMES, ...ACCOUNT_KEYS]);

const DEFAULT_MODEL = "anthropic/claude-sonnet-4.5";
export const DEFAULT_MODEL_URL = "https://openrouter.ai/api/v1";
const DEFAULT_PORT = "8080";

export type Settings = Readonly<Record<string, string>>;

/**
 * The agent's file below the process's own environment. Throws a ConfigError for a name in the file that nothing reads,
 * and for an account's key in it.
 */
export function readSettings(
  file: EnvFile,
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const problems = Object.keys(file.values).flatMap((name) => {
    if (FILE_NAMES.has(name)) return [];
    return KNOWN.has(name)
      ? [`${name} belongs into the environment of key-provision only`]
      : [`${name} is unknown`];
  });
  if (problems.length > 0) throw new ConfigError(`${file.path} is not usable: ${problems.join(", ")}`);
  const given = Object.entries(environment).filter(
    (entry): entry is [string, string] => KNOWN.has(entry[0]) && entry[1] !== undefined && entry[1] !== "",
  );
  return { ...defaults(file), ...file.values, ...Object.fromEntries(given) };
}

const defaults = (file: EnvFile): Settings => ({
  STANDALONE: "on",
  EPOCH: "1",
  GENERATION: "standalone",
  PORT: DEFAULT_PORT,
  STATE_DIR: join(dirname(file.path), ".local", "agent"),
  XMTP_ENV: "dev",
  MODEL_BASE_URL: file.values.OPENROUTER_BASE_URL ?? DEFAULT_MODEL_URL,
  MODEL_ID: DEFAULT_MODEL,
});

/** What the agent's process gets as its environment: nothing that is secret. */
export const agentEnvironment = (settings: Settings): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => OWN_NAMES.includes(name)));

/** Throws a ConfigError that names everything that is missing or invalid. */
export const agentConfig = (settings: Settings): AgentConfig => parseConfig(agentEnvironment(settings));

const SECRET_NAMES = ["INSTANCE_SECRET", "STATE_KEY", "MODEL_KEY"] as const;

/** Throws a ConfigError that names what is missing, and a SecretsError when one is malformed. */
export function agentSecrets(settings: Settings): AgentSecrets {
  const missing = SECRET_NAMES.filter((name) => settings[name] === undefined);
  if (missing.length > 0) throw new ConfigError(`not provisioned: ${missing.join(", ")} is missing`);
  const { INSTANCE_SECRET: instanceSecret, STATE_KEY: stateKey, MODEL_KEY: modelKey } = settings;
  return parseSecrets(
    JSON.stringify({ instanceSecret, modelKey, stateKey, equipment: equipmentOf(settings) }),
  );
}

const equipmentOf = ({
  AGENTMAIL_INBOX: inboxId,
  AGENTMAIL_INBOX_KEY: key,
  BANKR_API_KEY: walletKey,
}: Settings): StandaloneEquipment => ({
  ...(inboxId !== undefined && key !== undefined && { mailbox: { inboxId, key } }),
  ...(walletKey !== undefined && { walletKey }),
});

/** The part of the configuration that says where things are; needs no identity. Throws a ConfigError. */
export function placesOf(settings: Settings): {
  stateDir: string;
  openclawStateDir: string | undefined;
  modelId: string;
  gatewayUid: number | undefined;
} {
  const { STATE_DIR = "", MODEL_ID = "", GATEWAY_UID, OPENCLAW_STATE_DIR } = settings;
  const { properties } = AgentEnvironment;
  const gatewayUid = GATEWAY_UID === undefined ? undefined : Number(GATEWAY_UID);
  const problems = [
    ...(Value.Check(properties.STATE_DIR, STATE_DIR) ? [] : ["STATE_DIR is invalid"]),
    ...(Value.Check(properties.MODEL_ID, MODEL_ID) ? [] : ["MODEL_ID is invalid"]),
    ...(OPENCLAW_STATE_DIR === undefined || Value.Check(properties.STATE_DIR, OPENCLAW_STATE_DIR)
      ? []
      : ["OPENCLAW_STATE_DIR is invalid"]),
    ...(gatewayUid === undefined || Value.Check(properties.GATEWAY_UID, gatewayUid)
      ? []
      : ["GATEWAY_UID is invalid"]),
  ];
  if (problems.length > 0) throw new ConfigError(problems.join(", "));
  return { stateDir: STATE_DIR, openclawStateDir: OPENCLAW_STATE_DIR, modelId: MODEL_ID, gatewayUid };
}
