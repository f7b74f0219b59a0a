import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { AGENT_ENVIRONMENT } from "../../domain/agent-protocol.ts";

const Url = Type.String({ pattern: "^https?://[^\\s/?#]+(/[^\\s?#]*)?$", maxLength: 2_048 });
const Digits = (description: string): ReturnType<typeof Type.String> =>
  Type.String({ pattern: "^[0-9]{1,10}$", description });

/** Everything the agent reads from its environment. Secrets come on standard input instead. */
const Environment = Type.Object(
  {
    INSTANCE_ID: Type.String({ pattern: "^[a-z0-9]{12}$", description: "12 of a-z and 0-9" }),
    EPOCH: Digits("counts the starts of this instance, from 1"),
    GENERATION: Type.String({ pattern: "^[A-Za-z0-9._-]{1,64}$", description: "the release it belongs to" }),
    PORT: Type.Optional(Digits("port to listen on; 0 (default) takes a free one")),
    HOST: Type.Optional(Type.String({ pattern: "^[0-9a-fA-F.:]{2,45}$", description: "default 127.0.0.1" })),
    STATE_DIR: Type.String({ pattern: "^/.+", description: "absolute path of the state folder" }),
    GATEWAY_URL: Type.String({ ...Url, description: "where events are reported" }),
    XMTP_ENV: Type.Union([Type.Literal("local"), Type.Literal("dev"), Type.Literal("production")]),
    XMTP_API_URL: Type.Optional(
      Type.String({ ...Url, description: "another XMTP node than XMTP_ENV names" }),
    ),
    MODEL_BASE_URL: Type.String({ ...Url, description: "the model provider" }),
    MODEL_ID: Type.String({ pattern: "^[\\x21-\\x7e]{1,128}$", description: "as the provider names it" }),
    DEFAULT_AGENT_NAME: Type.Optional(
      Type.String({ minLength: 1, maxLength: 50, description: "default Agent" }),
    ),
    CONVERSATION_OWNER: Type.Optional(Type.Union([Type.Literal("first-joiner"), Type.Literal("none")])),
    GATEWAY_UID: Type.Optional(Digits("user id of the model's gateway; without it, it gets no shell")),
  },
  { additionalProperties: false },
);

export interface AgentConfig {
  instanceId: string;
  epoch: number;
  generation: string;
  host: string;
  port: number;
  stateDir: string;
  gatewayUrl: string;
  xmtpEnv: Static<typeof Environment>["XMTP_ENV"];
  xmtpApiUrl: string | undefined;
  modelBaseUrl: string;
  modelId: string;
  defaultAgentName: string;
  conversationOwner: "first-joiner" | "none";
  gatewayUid: number | undefined;
}

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Of an own prefix, so that a misspelt name is refused rather than silently unused. */
const OWN_NAME =
  /^(INSTANCE|EPOCH|GENERATION|STATE|GATEWAY|XMTP|MODEL|DEFAULT_AGENT|CONVERSATION)(_[A-Z_]+)?$/;
const NAMES: ReadonlySet<string> = new Set([...AGENT_ENVIRONMENT, "HOST"]);

/** Throws ConfigError naming every variable that is missing, invalid or unknown; values are not quoted. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): AgentConfig {
  const given: Record<string, string> = {};
  const problems: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === "") continue;
    if (NAMES.has(name)) given[name] = value;
    else if (OWN_NAME.test(name)) problems.push(`${name} is unknown`);
  }
  for (const [name, schema] of Object.entries(Environment.properties)) {
    const value = given[name];
    if (value === undefined) {
      if (Environment.required.some((required) => required === name)) problems.push(`${name} is missing`);
    } else if (!Value.Check(schema, value)) problems.push(`${name} is invalid`);
  }
  const port = Number(given.PORT ?? 0);
  const epoch = Number(given.EPOCH ?? 1);
  if (port > 65_535) problems.push("PORT is invalid");
  if (epoch < 1) problems.push("EPOCH is invalid");
  if (problems.length > 0 || !Value.Check(Environment, given))
    throw new ConfigError(`the agent's environment is not usable: ${problems.join(", ")}`);
  return {
    instanceId: given.INSTANCE_ID,
    epoch,
    generation: given.GENERATION,
    host: given.HOST ?? "127.0.0.1",
    port,
    stateDir: given.STATE_DIR,
    gatewayUrl: given.GATEWAY_URL.replace(/\/+$/, ""),
    xmtpEnv: given.XMTP_ENV,
    xmtpApiUrl: given.XMTP_API_URL,
    modelBaseUrl: given.MODEL_BASE_URL,
    modelId: given.MODEL_ID,
    defaultAgentName: given.DEFAULT_AGENT_NAME ?? "Agent",
    conversationOwner: given.CONVERSATION_OWNER ?? "first-joiner",
    gatewayUid: given.GATEWAY_UID === undefined ? undefined : Number(given.GATEWAY_UID),
  };
}
