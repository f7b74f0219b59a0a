import { Type } from "typebox";
import { AgentEnvironment } from "../../agent/server/config.ts";
import { GatewayEnvironment } from "../../api/config.ts";
import { WorkerEnvironment } from "../../workers/config.ts";

/** What `.env` may say of every agent; the agent's own schema says what each of them means. */
export const AGENT_KNOBS = [
  "DEFAULT_AGENT_NAME",
  "CONVERSATION_OWNER",
  "CONVOS_MARKDOWN",
  "MODEL_JUDGE_ID",
  "MODEL_VISION_ID",
  "MODEL_FALLBACK_IDS",
  "SEARCH_MODEL_ID",
  "TRANSCRIPTION_MODEL_ID",
  "SPEECH_MODEL_ID",
  "TOP_UP_URL",
  "PAYMENT_MAX_USD",
  "PAYMENT_DAY_MAX_USD",
  "PUPPETEER_EXECUTABLE_PATH",
  "FILE_ORIGINS",
] as const;
const AgentKnobs = Type.Pick(AgentEnvironment, AGENT_KNOBS).properties;
const { TEMPORAL_NAMESPACE, TEMPORAL_UI_URL, XMTP_ENV } = GatewayEnvironment.properties;
const Port = (port: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 65_535, default: port, description });
const Password = (role: string) =>
  Type.String({ pattern: "^[0-9a-f]{16,128}$", description: `Password of ${role}. A secret.` });

export const DEFAULT_MODEL = "anthropic/claude-sonnet-4.5";

/** What `npm start` itself reads. Without any of it the whole platform runs on this machine with stand-ins. */
export const LocalSettings = Type.Object({
  OPENROUTER_MANAGEMENT_KEY: Type.Optional(
    Type.String({
      maxLength: 512,
      description:
        "A management key of OpenRouter: agents then use real models, and spend real money. Without it a stand-in plays the provider. A secret.",
    }),
  ),
  OPENROUTER_BASE_URL: WorkerEnvironment.properties.OPENROUTER_BASE_URL,
  MODEL_ID: Type.String({
    pattern: "^[\\x21-\\x7e]{1,128}$",
    default: DEFAULT_MODEL,
    description: "The model of the agents.",
  }),
  ...AgentKnobs,
  XMTP_ENV,
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: "^postgres(ql)?://",
      description: "A Postgres that runs already, instead of the embedded one. A secret.",
    }),
  ),
  TEMPORAL_ADDRESS: Type.Optional(
    Type.String({
      pattern: "^[^\\s:/]+:[0-9]{1,5}$",
      description: "A Temporal that runs already, `host:port`, instead of a dev server.",
    }),
  ),
  TEMPORAL_NAMESPACE,
  TEMPORAL_UI_URL,
  TEMPORAL_CLI_PATH: Type.Optional(
    Type.String({
      description: "The Temporal CLI to start the dev server with, instead of one that is looked for.",
    }),
  ),
  XDG_CACHE_HOME: Type.Optional(
    Type.String({
      description: "Where a Temporal CLI that was downloaded or built is kept; by default `~/.cache`.",
    }),
  ),
});

/** What `docker-compose.temporal.yml` reads beside the gateway's and the workers' variables; from the same file. */
export const ComposeSettings = Type.Object({
  POSTGRES_PASSWORD: Password("Postgres' superuser"),
  TEMPORAL_DB_PASSWORD: Password("Temporal's role in Postgres"),
  APP_DB_PASSWORD: Password("the platform's role in Postgres"),
  POSTGRES_PORT: Port(5432, "Postgres on the host's loopback."),
  TEMPORAL_PORT: Port(7233, "Temporal's frontend on the host's loopback."),
  TEMPORAL_UI_PORT: Port(8233, "Temporal's Web UI on the host's loopback."),
  GATEWAY_PORT: Port(8787, "The gateway on the host's loopback."),
  NAMESPACE_RETENTION: Type.String({
    pattern: "^[0-9]+h$",
    default: "168h",
    description: "How long Temporal keeps the history of what has ended.",
  }),
});

const Secret = (description: string) =>
  Type.Optional(Type.String({ pattern: "^[\\x21-\\x7e]{1,512}$", description: `${description} A secret.` }));

/** What `npm run test:live` reads beside the names of the others; from the same file. */
export const LiveSettings = Type.Object({
  OPENROUTER_API_KEY: Secret("A key for models. Without it one is made with `OPENROUTER_MANAGEMENT_KEY`."),
  AGENTMAIL_INBOX: Type.Optional(
    Type.String({
      pattern: "^[^\\s@]{1,64}@[^\\s@]{1,250}$",
      description: "The mailbox to test with. Without it two are made with `AGENTMAIL_API_KEY`.",
    }),
  ),
  AGENTMAIL_INBOX_KEY: Secret("The key of that mailbox."),
  TELNYX_PHONE_NUMBER: Type.Optional(
    Type.String({ pattern: "^\\+1[0-9]{10}$", description: "A number of the Telnyx account, in E.164." }),
  ),
  BANKR_API_KEY: Secret("The key of a Bankr wallet."),
  LIVE_MAIL_TO: Type.Optional(
    Type.String({
      pattern: "^[^\\s@]{1,64}@[^\\s@]{1,250}$",
      description: "Your own mail address, which gets what `AGENTMAIL_INBOX` sends.",
    }),
  ),
  LIVE_SMS_TO: Type.Optional(
    Type.String({
      pattern: "^\\+1[0-9]{10}$",
      description: "Your own phone in the US, which gets one text.",
    }),
  ),
  LIVE_PAY_TO: Type.Optional(
    Type.String({
      pattern: "^0x[0-9A-Fa-f]{40}$",
      description: "A wallet of your own, which gets 0.01 USDC on Base when `--spend` is given.",
    }),
  ),
  LIVE_PAGE_URL: Type.String({
    pattern: "^https?://[^\\s]{1,2000}$",
    default: "https://example.com/",
    description: 'A page to open, which has the words "Example Domain".',
  }),
});

/** Every name that may stand in `.env`: what no part reads is a misspelt one. */
export const SETTING_NAMES: ReadonlySet<string> = new Set(
  [LocalSettings, ComposeSettings, WorkerEnvironment, GatewayEnvironment, LiveSettings].flatMap(
    ({ properties }) => Object.keys(properties),
  ),
);
