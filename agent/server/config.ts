import { type Static, Type } from "typebox";
import { Value } from "typebox/value";

const ModelId = { pattern: "^[\\x21-\\x7e]{1,128}$" };
const Url = { pattern: "^https?://[^\\s/?#]+(/[^\\s?#]*)?$", maxLength: 2_048 };

/** Everything the agent reads from its environment. Secrets come on standard input, or for the bootstrap token. */
export const AgentEnvironment = Type.Object(
  {
    INSTANCE_ID: Type.String({ pattern: "^[a-z0-9]{12}$", description: "The instance that it is." }),
    EPOCH: Type.Integer({
      minimum: 1,
      maximum: 2_147_483_647,
      description: "Counts the starts of this instance, from 1.",
    }),
    GENERATION: Type.String({
      pattern: "^[A-Za-z0-9._-]{1,64}$",
      description: "The release it belongs to.",
    }),
    HOST: Type.String({
      pattern: "^[0-9a-fA-F.:]{2,45}$",
      default: "127.0.0.1",
      description: "Address to listen on.",
    }),
    PORT: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 0,
      description: "Port to listen on; 0 takes a free one.",
    }),
    STATE_DIR: Type.String({ pattern: "^/.+", description: "The state folder; absolute." }),
    STATE_VOLUME_REQUIRED: Type.Union([Type.Literal("off"), Type.Literal("on")], {
      default: "off",
      description:
        "`on`: it refuses to start when `STATE_DIR` is not on a volume of its own, as what is in a container's own layer is lost with it. The image says `on`.",
    }),
    STANDALONE: Type.Union([Type.Literal("off"), Type.Literal("on")], {
      default: "off",
      description:
        "`on`: it runs without a platform. Nothing is reported and nothing is fetched; `GATEWAY_URL` and `BOOTSTRAP_TOKEN` are refused.",
    }),
    GATEWAY_URL: Type.Optional(
      Type.String({
        ...Url,
        description: "Where events are reported. Required unless it is standalone.",
      }),
    ),
    XMTP_ENV: Type.Union([Type.Literal("local"), Type.Literal("dev"), Type.Literal("production")], {
      description: "The XMTP network.",
    }),
    XMTP_API_URL: Type.Optional(
      Type.String({ ...Url, description: "Another XMTP node than the network's own." }),
    ),
    MODEL_BASE_URL: Type.String({ ...Url, description: "The model provider's API." }),
    AGENTMAIL_BASE_URL: Type.String({
      ...Url,
      default: "https://api.agentmail.to",
      description: "AgentMail's API.",
    }),
    BANKR_BASE_URL: Type.String({ ...Url, default: "https://api.bankr.bot", description: "Bankr's API." }),
    SEARCH_MODEL_ID: Type.String({
      ...ModelId,
      default: "perplexity/sonar",
      description: "The model that searches the web.",
    }),
    TRANSCRIPTION_MODEL_ID: Type.String({
      ...ModelId,
      default: "openai/whisper-1",
      description: "The model that hears what is said in audio.",
    }),
    SPEECH_MODEL_ID: Type.String({
      ...ModelId,
      default: "openai/gpt-4o-mini-tts-2025-12-15",
      description: "The model that speaks.",
    }),
    PAYMENT_MAX_USD: Type.Integer({
      minimum: 0,
      maximum: 10_000,
      default: 50,
      description: "The most that one transfer of the agent's wallet may move, in US dollars.",
    }),
    PAYMENT_DAY_MAX_USD: Type.Integer({
      minimum: 0,
      maximum: 100_000,
      default: 200,
      description: "The most that all of its transfers within 24 hours may move.",
    }),
    PUPPETEER_EXECUTABLE_PATH: Type.Optional(
      Type.String({
        pattern: "^/",
        maxLength: 512,
        description: "The Chromium for browsing, instead of one that is looked for.",
      }),
    ),
    MODEL_ID: Type.String({
      ...ModelId,
      description: "The model, as the provider names it.",
    }),
    MODEL_JUDGE_ID: Type.Optional(
      Type.String({
        ...ModelId,
        description:
          "The model that decides whether the agent is meant, where the words do not tell; `MODEL_ID` when not given.",
      }),
    ),
    MODEL_VISION_ID: Type.Optional(
      Type.String({
        ...ModelId,
        description: "The model for requests with pictures; `MODEL_ID` when not given.",
      }),
    ),
    MODEL_FALLBACK_IDS: Type.Optional(
      Type.String({
        pattern: "^[^\\s,]{1,128}(,[^\\s,]{1,128}){0,2}$",
        description:
          "Up to three models, separated by commas, which the provider may take in this order when a model does not answer.",
      }),
    ),
    TOP_UP_URL: Type.Optional(
      Type.String({
        pattern: "^https?://[^\\s]{1,500}$",
        description:
          "Where people can top up the agent's credit, told once when it is used up; `{instance}` stands for the instance's id.",
      }),
    ),
    DEFAULT_AGENT_NAME: Type.String({
      minLength: 1,
      maxLength: 50,
      default: "Agent",
      description: "The agent's name in a claim that gives none.",
    }),
    CONVERSATION_OWNER: Type.Union([Type.Literal("first-joiner"), Type.Literal("none")], {
      default: "first-joiner",
      description:
        "Who becomes super admin beside the agent: the first that a claim's invite admits, or nobody.",
    }),
    CONVOS_MARKDOWN: Type.Union([Type.Literal("off"), Type.Literal("on")], {
      default: "off",
      description:
        "`on`: answers are sent as Markdown, with their plain text beside it for clients that show none. The Convos app shows none.",
    }),
    FILE_ORIGINS: Type.Optional(
      Type.String({
        pattern: "^https?://[^\\s/,?#]+(,https?://[^\\s/,?#]+)*$",
        maxLength: 2_048,
        description:
          "Origins, separated by commas, from which files that people send and a claim's picture are fetched although they are not public or not HTTPS. For a laptop and for tests.",
      }),
    ),
    BOOTSTRAP_TOKEN: Type.Optional(
      Type.String({
        pattern: "^[A-Za-z0-9_-]{43}$",
        description:
          "Good once, for ten minutes, to fetch the secrets from `GATEWAY_URL` instead of standard input; removed once read.",
      }),
    ),
    GATEWAY_UID: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 4_294_967_294,
        description: "User id of the model's gateway; without it, it gets no shell.",
      }),
    ),
  },
  { additionalProperties: false },
);

/** Where the platform is, which a standalone agent has none of. */
type Platform = { standalone: false; gatewayUrl: string } | { standalone: true; gatewayUrl: undefined };

export type AgentConfig = Platform & AgentSettings;

interface AgentSettings {
  instanceId: string;
  epoch: number;
  generation: string;
  host: string;
  port: number;
  stateDir: string;
  stateVolumeRequired: boolean;
  xmtpEnv: Static<typeof AgentEnvironment>["XMTP_ENV"];
  xmtpApiUrl: string | undefined;
  modelBaseUrl: string;
  modelId: string;
  judgeModelId: string;
  agentmailBaseUrl: string;
  bankrBaseUrl: string;
  searchModelId: string;
  transcriptionModelId: string;
  speechModelId: string;
  paymentMaxUsd: number;
  paymentDayMaxUsd: number;
  chromiumPath: string | undefined;
  visionModelId: string | undefined;
  fallbackModelIds: readonly string[];
  topUpUrl: string | undefined;
  defaultAgentName: string;
  conversationOwner: Static<typeof AgentEnvironment>["CONVERSATION_OWNER"];
  markdown: boolean;
  fileOrigins: readonly string[];
  gatewayUid: number | undefined;
}

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Of an own prefix, so that a misspelt name is refused rather than silently unused. */
const OWN_NAME =
  /^(BOOTSTRAP|INSTANCE|EPOCH|GENERATION|STATE|GATEWAY|XMTP|MODEL|TOP_UP|PAYMENT|SEARCH_MODEL|TRANSCRIPTION|SPEECH|DEFAULT_AGENT|CONVERSATION|CONVOS|STANDALONE)(_[A-Z_]+)?$/;
const NUMBERS: ReadonlySet<string> = new Set([
  "EPOCH",
  "PORT",
  "GATEWAY_UID",
  "PAYMENT_MAX_USD",
  "PAYMENT_DAY_MAX_USD",
]);
const WHOLE_NUMBER = /^\d{1,10}$/;

/** Throws ConfigError naming every variable that is missing, invalid or unknown; values are not quoted. */
export function parseConfig(variables: Readonly<Record<string, string | undefined>>): AgentConfig {
  const environment = parseEnvironment(variables);
  return {
    ...environment.platform,
    instanceId: environment.INSTANCE_ID,
    epoch: environment.EPOCH,
    generation: environment.GENERATION,
    host: environment.HOST,
    port: environment.PORT,
    stateDir: environment.STATE_DIR,
    stateVolumeRequired: environment.STATE_VOLUME_REQUIRED === "on",
    xmtpEnv: environment.XMTP_ENV,
    xmtpApiUrl: environment.XMTP_API_URL,
    modelBaseUrl: environment.MODEL_BASE_URL,
    modelId: environment.MODEL_ID,
    judgeModelId: environment.MODEL_JUDGE_ID ?? environment.MODEL_ID,
    agentmailBaseUrl: environment.AGENTMAIL_BASE_URL,
    bankrBaseUrl: environment.BANKR_BASE_URL,
    searchModelId: environment.SEARCH_MODEL_ID,
    transcriptionModelId: environment.TRANSCRIPTION_MODEL_ID,
    speechModelId: environment.SPEECH_MODEL_ID,
    paymentMaxUsd: environment.PAYMENT_MAX_USD,
    paymentDayMaxUsd: environment.PAYMENT_DAY_MAX_USD,
    chromiumPath: environment.PUPPETEER_EXECUTABLE_PATH,
    visionModelId: environment.MODEL_VISION_ID,
    fallbackModelIds: environment.MODEL_FALLBACK_IDS?.split(",") ?? [],
    topUpUrl: environment.TOP_UP_URL?.replace("{instance}", environment.INSTANCE_ID),
    defaultAgentName: environment.DEFAULT_AGENT_NAME,
    conversationOwner: environment.CONVERSATION_OWNER,
    markdown: environment.CONVOS_MARKDOWN === "on",
    fileOrigins: environment.FILE_ORIGINS?.split(",") ?? [],
    gatewayUid: environment.GATEWAY_UID,
  };
}

function parseEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): Static<typeof AgentEnvironment> & { platform: Platform } {
  const given: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, text] of Object.entries(variables)) {
    if (text === undefined || text === "") continue;
    if (Object.hasOwn(AgentEnvironment.properties, name))
      given[name] = NUMBERS.has(name) && WHOLE_NUMBER.test(text) ? Number(text) : text;
    else if (OWN_NAME.test(name)) problems.push(`${name} is unknown`);
  }
  const environment = Value.Default(AgentEnvironment, given);
  for (const [name, property] of Object.entries(AgentEnvironment.properties)) {
    if (given[name] !== undefined) {
      if (!Value.Check(property, given[name])) problems.push(`${name} is invalid`);
    } else if (!("default" in property || "~optional" in property)) problems.push(`${name} is missing`);
  }
  const platform = platformOf(given, problems);
  if (problems.length > 0 || platform === undefined || !Value.Check(AgentEnvironment, environment))
    throw new ConfigError(`the agent's environment is not usable: ${problems.join(", ")}`);
  return { ...environment, platform };
}

/** Undefined when it is not clear, which `problems` then says. */
function platformOf(given: Readonly<Record<string, unknown>>, problems: string[]): Platform | undefined {
  const { STANDALONE: standalone, GATEWAY_URL: gatewayUrl } = given;
  if (standalone === "on") {
    for (const name of ["GATEWAY_URL", "BOOTSTRAP_TOKEN"])
      if (given[name] !== undefined) problems.push(`${name} is not for a standalone agent`);
    return { standalone: true, gatewayUrl: undefined };
  }
  if (typeof gatewayUrl === "string")
    return { standalone: false, gatewayUrl: gatewayUrl.replace(/\/+$/, "") };
  problems.push("GATEWAY_URL is missing");
  return undefined;
}
