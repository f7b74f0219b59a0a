import { createPrivateKey, type KeyObject } from "node:crypto";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { type PoolName, parsePoolName } from "../domain/ids.ts";

const Url = { pattern: "^https?://[^\\s/?#]+(/[^\\s?#]*)?$", maxLength: 2_048 };

/** Everything the gateway reads from its environment, as text; `docs/reference/configuration.md` is made from it. */
export const GatewayEnvironment = Type.Object(
  {
    DATABASE_URL: Type.String({
      pattern: "^postgres(ql)?://",
      maxLength: 2_048,
      description: "Postgres with the registry. A secret: it holds the password.",
    }),
    TEMPORAL_ADDRESS: Type.String({
      pattern: "^[^\\s:/]+:[0-9]{1,5}$",
      default: "127.0.0.1:7233",
      description: "`host:port` of Temporal's frontend.",
    }),
    TEMPORAL_NAMESPACE: Type.String({
      pattern: "^[A-Za-z0-9._-]{1,255}$",
      default: "default",
      description: "Temporal namespace; one for each environment.",
    }),
    TEMPORAL_UI_URL: Type.Optional(
      Type.String({ ...Url, description: "Web UI of Temporal, for the links in an instance's view." }),
    ),
    API_HOST: Type.String({
      pattern: "^[0-9A-Fa-f.:]{2,45}$",
      default: "127.0.0.1",
      description: "Address to listen on.",
    }),
    API_PORT: Type.String({
      pattern: "^[0-9]{1,5}$",
      default: "8080",
      description: "Port to listen on, 0–65535; 0 takes a free one.",
    }),
    PUBLIC_API_URL: Type.Optional(
      Type.String({ ...Url, description: "Where callers reach the gateway, if not where it listens." }),
    ),
    API_KEY: Type.String({
      pattern: "^[\\x21-\\x7e]{16,256}$",
      description: "Bearer token of the callers, 16–256 printable characters. A secret.",
    }),
    MASTER_KEY: Type.String({
      pattern: "^[A-Za-z0-9+/]{43}=$",
      description: "32 bytes in base64; seals what callers and agents entrust to the platform. A secret.",
    }),
    RECEIPT_KEY: Type.Optional(
      Type.String({
        pattern: "^[A-Za-z0-9+/]+={0,2}$",
        maxLength: 512,
        description:
          "Ed25519 private key (PKCS #8 DER in base64) that signs receipts; its public part is at `/.well-known/jwks.json`. A secret.",
      }),
    ),
    ENVIRONMENT: Type.String({
      pattern: "^[a-z0-9]{1,12}$",
      default: "local",
      description: "Part of every external resource's name.",
    }),
    RESOURCE_PREFIX: Type.String({
      pattern: "^[a-z0-9]{1,5}$",
      default: "cv",
      description: "First part of every external resource's name.",
    }),
    POOL: Type.String({
      pattern: "^[a-z0-9-]{1,32}$",
      default: "default",
      description: "The pool that is served.",
    }),
    XMTP_ENV: Type.Union([Type.Literal("local"), Type.Literal("dev"), Type.Literal("production")], {
      default: "local",
      description: "XMTP network of the agents; invites of another one are refused.",
    }),
  },
  { additionalProperties: false },
);

type Environment = Static<typeof GatewayEnvironment>;

export interface GatewayConfig {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly temporalUiUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | undefined;
  readonly apiKey: string;
  readonly masterKey: Buffer;
  readonly receiptKey: KeyObject | undefined;
  readonly environment: string;
  readonly resourcePrefix: string;
  readonly pool: PoolName;
  readonly xmtpNetwork: Environment["XMTP_ENV"];
}

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * The environment is shared with other parts, so foreign names are left alone; only `API_…` is the gateway's own and
 * there an unknown name is a misspelt one. `API_URL` belongs to the command line.
 */
const OWN_NAME = /^API_/;
const FOREIGN_NAMES: ReadonlySet<string> = new Set(["API_URL"]);
const MAX_PORT = 65_535;

/** Throws a ConfigError that names every variable that is missing, invalid or unknown; values are not quoted. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): GatewayConfig {
  const problems: string[] = [];
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === "") continue;
    if (Object.hasOwn(GatewayEnvironment.properties, name)) given[name] = value;
    else if (OWN_NAME.test(name) && !FOREIGN_NAMES.has(name)) problems.push(`${name} is unknown`);
  }
  const filled = Value.Default(GatewayEnvironment, given);
  for (const [name, schema] of Object.entries(GatewayEnvironment.properties)) {
    const value = given[name];
    if (value !== undefined) {
      if (!Value.Check(schema, value)) problems.push(`${name} is invalid`);
    } else if (isRequired(name)) problems.push(`${name} is missing`);
  }
  if (Number(given.API_PORT ?? 0) > MAX_PORT) problems.push("API_PORT is invalid");
  const receiptKey = readReceiptKey(given.RECEIPT_KEY);
  if (receiptKey === "invalid") problems.push("RECEIPT_KEY is not an Ed25519 private key");
  if (problems.length > 0 || receiptKey === "invalid") {
    throw new ConfigError(
      `the gateway's configuration is not usable: ${problems.join(", ")} (see docs/reference/configuration.md)`,
    );
  }
  return toConfig(Value.Parse(GatewayEnvironment, filled), receiptKey);
}

/** Whether the variable has to be given: it is neither optional nor has it a default. */
export function isRequired(name: string): boolean {
  const schema = Object.entries(GatewayEnvironment.properties).find(([key]) => key === name)?.[1];
  return (
    schema !== undefined &&
    !("default" in schema) &&
    GatewayEnvironment.required.some((required) => required === name)
  );
}

function toConfig(environment: Environment, receiptKey: KeyObject | undefined): GatewayConfig {
  const pool = parsePoolName(environment.POOL);
  if (!pool) throw new ConfigError("POOL is invalid");
  return Object.freeze({
    databaseUrl: environment.DATABASE_URL,
    temporalAddress: environment.TEMPORAL_ADDRESS,
    temporalNamespace: environment.TEMPORAL_NAMESPACE,
    temporalUiUrl: environment.TEMPORAL_UI_URL?.replace(/\/+$/, ""),
    host: environment.API_HOST,
    port: Number(environment.API_PORT),
    publicUrl: environment.PUBLIC_API_URL?.replace(/\/+$/, ""),
    apiKey: environment.API_KEY,
    masterKey: Buffer.from(environment.MASTER_KEY, "base64"),
    receiptKey,
    environment: environment.ENVIRONMENT,
    resourcePrefix: environment.RESOURCE_PREFIX,
    pool,
    xmtpNetwork: environment.XMTP_ENV,
  });
}

function readReceiptKey(base64: string | undefined): KeyObject | undefined | "invalid" {
  if (base64 === undefined) return undefined;
  try {
    const key = createPrivateKey({ key: Buffer.from(base64, "base64"), format: "der", type: "pkcs8" });
    return key.asymmetricKeyType === "ed25519" ? key : "invalid";
  } catch {
    // OpenSSL's reason says nothing that the operator could use beyond: this is no such key.
    return "invalid";
  }
}
