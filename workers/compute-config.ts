import { Type } from "typebox";
import { Url } from "../infra/config/platform-variables.ts";

/** Where agents run, and what each driver needs for it. */
export const ComputeVariables = {
  COMPUTE: Type.Union(
    [Type.Literal("process"), Type.Literal("stand-in"), Type.Literal("railway"), Type.Literal("docker")],
    { default: "process", description: "Where agents run." },
  ),
  COMPUTE_DIR: Type.Optional(
    Type.String({
      pattern: "^/",
      maxLength: 1_024,
      description: "Folder of the agents' states, for `process`; absolute.",
    }),
  ),
  AGENT_COMMAND: Type.Optional(
    Type.String({
      pattern: "^\\[",
      maxLength: 4_096,
      description: "JSON array: the agent's command, for `process`.",
    }),
  ),
  GATEWAY_UID_BASE: Type.Optional(
    Type.Integer({
      minimum: 1_000,
      maximum: 4_000_000_000,
      description: "First user id for the agents' gateways, for `process` as root.",
    }),
  ),
  STAND_IN_URL: Type.Optional(Type.String({ ...Url, description: "The stand-in host, for `stand-in`." })),
  AGENT_IMAGE: Type.Optional(
    Type.String({
      pattern: "^[\\x21-\\x7e]{1,512}$",
      description: "The agents' image by digest, for `railway` and `docker`.",
    }),
  ),
  AGENT_CPUS: Type.Number({
    default: 2,
    minimum: 0.25,
    maximum: 32,
    description: "Processors that an agent may use, for `railway` and `docker`.",
  }),
  AGENT_MEMORY_MIB: Type.Integer({
    default: 4_096,
    minimum: 512,
    maximum: 65_536,
    description: "Memory that an agent may use, for `railway` and `docker`.",
  }),
  RAILWAY_URL: Type.String({
    ...Url,
    default: "https://backboard.railway.com/graphql/v2",
    description: "Railway's GraphQL API.",
  }),
  RAILWAY_TOKEN: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: "A workspace token of Railway. A secret." }),
  ),
  RAILWAY_WORKSPACE_ID: Type.Optional(
    Type.String({ pattern: "^[A-Za-z0-9-]{1,64}$", description: "The workspace of the token." }),
  ),
  RAILWAY_WEBHOOK_URL: Type.Optional(
    Type.String({
      ...Url,
      description:
        "Where Railway reports crashes: the gateway's `/webhooks/railway/<secret>`. The workers make the rule. A secret.",
    }),
  ),
  RAILWAY_SETTLE_S: Type.Integer({
    default: 30,
    minimum: 0,
    // What waits for it has to end within a minute.
    maximum: 45,
    description:
      "For how many seconds Railway's reads may not show what was made or deleted; what is not shown is judged after that.",
  }),
  RAILWAY_DOMAIN_SCHEME: Type.Union([Type.Literal("https"), Type.Literal("http")], {
    default: "https",
    description: "How agents are reached at their Railway domains; `http` only for a double of Railway.",
  }),
  DOCKER_URL: Type.Optional(
    Type.String({
      ...Url,
      description: "The Docker Engine's API over HTTP; without it the socket of this machine.",
    }),
  ),
  AGENT_ENVIRONMENT: Type.String({
    default: "{}",
    pattern: "^\\{",
    maxLength: 16_384,
    description: "JSON object: environment of every agent's process.",
  }),
};
