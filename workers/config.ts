import { type Static, Type } from "typebox";

const Bytes32 = Type.String({ pattern: "^[A-Za-z0-9+/]{43}=$", description: "32 bytes in base64." });

/** What a worker reads from its environment. */
export const WorkerConfig = Type.Object({
  DATABASE_URL: Type.String({ minLength: 1, description: "The registry's Postgres." }),
  TEMPORAL_ADDRESS: Type.String({ minLength: 1, description: "Temporal frontend, host:port." }),
  TEMPORAL_NAMESPACE: Type.String({ default: "default", description: "One namespace for each environment." }),
  MASTER_KEY: Bytes32,
  RECEIPT_KEY: Type.String({
    minLength: 1,
    description: "Ed25519 private key, PKCS#8 DER in base64; signs receipts.",
  }),
  ENVIRONMENT: Type.String({
    default: "local",
    pattern: "^[a-z0-9]{1,10}$",
    description: "Part of every resource's name.",
  }),
  RESOURCE_PREFIX: Type.String({
    default: "cv",
    pattern: "^[a-z0-9]{1,6}$",
    description: "First part of every resource's name.",
  }),
  POOL: Type.String({ default: "default", pattern: "^[a-z0-9-]{1,32}$", description: "The pool to keep." }),
  POOL_TARGET: Type.Integer({
    default: 1,
    minimum: 0,
    maximum: 500,
    description: "Idle agents to keep ready, when the pool is made.",
  }),
  POOL_SURGE: Type.Integer({
    default: 2,
    minimum: 1,
    maximum: 100,
    description: "Agents that may be starting at once.",
  }),
  GENERATION: Type.String({
    default: "local-1",
    minLength: 1,
    maxLength: 64,
    description: "Names the agent build and configuration.",
  }),
  OPENROUTER_BASE_URL: Type.String({
    default: "https://openrouter.ai/api/v1",
    description: "OpenRouter's API.",
  }),
  OPENROUTER_MANAGEMENT_KEY: Type.String({
    minLength: 1,
    description: "Manages the agents' model keys; runs no model.",
  }),
  COMPUTE: Type.Union([Type.Literal("process"), Type.Literal("stand-in")], {
    default: "process",
    description: "Where agents run.",
  }),
  COMPUTE_DIR: Type.Optional(
    Type.String({ minLength: 1, description: "Folder of the agents' states, for `process`." }),
  ),
  AGENT_COMMAND: Type.Optional(
    Type.String({ minLength: 1, description: "JSON array: the agent's command, for `process`." }),
  ),
  GATEWAY_UID_BASE: Type.Optional(
    Type.Integer({
      minimum: 1000,
      description: "First user id for the agents' gateways, for `process` as root.",
    }),
  ),
  STAND_IN_URL: Type.Optional(
    Type.String({ minLength: 1, description: "The stand-in host, for `stand-in`." }),
  ),
  AGENT_ENVIRONMENT: Type.String({
    default: "{}",
    description: "JSON object: environment of every agent's process.",
  }),
  QUARANTINE_MS: Type.Integer({
    default: 3_600_000,
    minimum: 0,
    maximum: 86_400_000,
    description: "How long a failed agent is kept aside, in milliseconds.",
  }),
});
export type WorkerConfig = Static<typeof WorkerConfig>;
