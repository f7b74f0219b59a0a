import { createPrivateKey, type KeyObject } from "node:crypto";
import { type Static, Type } from "typebox";
import { BudgetOverrides } from "../activities/rate-limit/budgets.ts";
import type { AttestationKey } from "../agent/convos/attestation-keys.ts";
import { type PoolName, parsePoolName } from "../domain/ids.ts";
import { attestationKeysOf } from "../infra/config/attestation-keys.ts";
import { ConfigError, readEnvironment } from "../infra/config/environment.ts";
import { parseJsonSetting } from "../infra/config/json-setting.ts";
import { type MasterKeySet, masterKeysOf } from "../infra/config/master-keys.ts";
import { PlatformVariables, ReceiptKey, Url } from "../infra/config/platform-variables.ts";
import { type CallerKeys, digest } from "./auth.ts";
import { type BrokerConfig, BrokerVariables, brokerConfig } from "./broker/broker-config.ts";
import { type WebhookKeys, WebhookVariables, webhookKeys } from "./webhooks/webhook-config.ts";

const KeyHashes = (what: string) =>
  Type.String({
    pattern: "^[0-9a-f]{64}(,[0-9a-f]{64}){0,15}$",
    description: `${what} Up to 16 SHA-256 hashes in hexadecimal, separated by commas.`,
  });

/** Everything the gateway reads from its environment. */
export const GatewayEnvironment = Type.Object(
  {
    ...PlatformVariables,
    TEMPORAL_UI_URL: Type.Optional(
      Type.String({ ...Url, description: "Web UI of Temporal, for the links in an instance's view." }),
    ),
    API_HOST: Type.String({
      pattern: "^[0-9A-Fa-f.:]{2,45}$",
      default: "127.0.0.1",
      description: "Address to listen on.",
    }),
    API_PORT: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 8080,
      description: "Port to listen on; 0 takes a free one.",
    }),
    PUBLIC_API_URL: Type.Optional(
      Type.String({ ...Url, description: "Where callers reach the gateway, if not where it listens." }),
    ),
    API_KEY: Type.Optional(
      Type.String({
        pattern: "^[\\x21-\\x7e]{16,256}$",
        description:
          "An admin key as it is, 16–256 printable characters; this or ADMIN_KEYS is required. A secret.",
      }),
    ),
    ADMIN_KEYS: Type.Optional(
      KeyHashes("Admin keys, which may do everything; all that are listed are valid."),
    ),
    CLAIM_KEYS: Type.Optional(
      KeyHashes("Claim keys, which may claim, read claims and cancel them; all that are listed are valid."),
    ),
    RECEIPT_KEY: Type.Optional(ReceiptKey),
    ...WebhookVariables,
    ...BrokerVariables,
    XMTP_ENV: Type.Union([Type.Literal("local"), Type.Literal("dev"), Type.Literal("production")], {
      default: "local",
      description: "XMTP network of the agents; invites of another one are refused.",
    }),
  },
  { additionalProperties: false },
);

export interface GatewayConfig {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly temporalUiUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | undefined;
  readonly callers: CallerKeys;
  readonly keys: MasterKeySet;
  /** Whether what goes to Temporal is sealed. */
  readonly codec: "on" | "off";
  readonly receiptKey: KeyObject | undefined;
  /** The first signs; all are published. */
  readonly attestationKeys: readonly AttestationKey[];
  readonly webhooks: WebhookKeys;
  readonly broker: BrokerConfig;
  readonly budgets: BudgetOverrides;
  readonly environment: string;
  readonly resourcePrefix: string;
  readonly pool: PoolName;
  readonly xmtpNetwork: Static<typeof GatewayEnvironment>["XMTP_ENV"];
}

/** `API_URL` belongs to the command line. */
const GATEWAY = { name: "the gateway", ownNames: /^API_(?!URL$)/ };

/** Throws a ConfigError that names every variable that is missing, invalid or unknown; values are not quoted. */
export function parseConfig(variables: Readonly<Record<string, string | undefined>>): GatewayConfig {
  const environment = readEnvironment(GatewayEnvironment, variables, GATEWAY);
  const pool = parsePoolName(environment.POOL);
  if (!pool) throw new ConfigError(GATEWAY.name, ["POOL is invalid"]);
  return Object.freeze({
    databaseUrl: environment.DATABASE_URL,
    temporalAddress: environment.TEMPORAL_ADDRESS,
    temporalNamespace: environment.TEMPORAL_NAMESPACE,
    temporalUiUrl: environment.TEMPORAL_UI_URL?.replace(/\/+$/, ""),
    host: environment.API_HOST,
    port: environment.API_PORT,
    publicUrl: environment.PUBLIC_API_URL?.replace(/\/+$/, ""),
    callers: callerKeysOf(environment),
    keys: masterKeysOf(environment, GATEWAY.name),
    codec: environment.TEMPORAL_CODEC,
    receiptKey: environment.RECEIPT_KEY === undefined ? undefined : toPrivateKey(environment.RECEIPT_KEY),
    attestationKeys: attestationKeysOf(environment.ATTESTATION_KEYS),
    webhooks: webhookKeys(environment),
    broker: brokerConfig(environment, GATEWAY.name),
    budgets: parseJsonSetting(
      GATEWAY.name,
      BudgetOverrides,
      "PROVIDER_BUDGETS",
      environment.PROVIDER_BUDGETS,
    ),
    environment: environment.ENVIRONMENT,
    resourcePrefix: environment.RESOURCE_PREFIX,
    pool,
    xmtpNetwork: environment.XMTP_ENV,
  });
}

function callerKeysOf({
  API_KEY,
  ADMIN_KEYS,
  CLAIM_KEYS,
}: Pick<Static<typeof GatewayEnvironment>, "API_KEY" | "ADMIN_KEYS" | "CLAIM_KEYS">): CallerKeys {
  const listed = (hashes: string | undefined): Buffer[] =>
    hashes?.split(",").map((hash) => Buffer.from(hash, "hex")) ?? [];
  const admin = [...(API_KEY === undefined ? [] : [digest(API_KEY)]), ...listed(ADMIN_KEYS)];
  if (admin.length === 0) throw new ConfigError(GATEWAY.name, ["API_KEY or ADMIN_KEYS is missing"]);
  return { admin, claim: listed(CLAIM_KEYS) };
}

const toPrivateKey = (base64: string): KeyObject =>
  createPrivateKey({ key: Buffer.from(base64, "base64"), format: "der", type: "pkcs8" });
