import { join } from "node:path";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { toolPolicy } from "./tool-policy.ts";

export interface GatewayConfigInput {
  /** Port of the gateway on 127.0.0.1. */
  port: number;
  /** `http://127.0.0.1:<port>` of our loopback server. */
  loopbackUrl: string;
  /** The provider's id of the model, for example `openai/gpt-5-mini`. */
  modelId: string;
  workspaceDir: string;
  /** Holds a folder for each of `EXTENSIONS`. */
  extensionsDir: string;
  /** An ES module that draws QR codes, which the landing page loads into the browser. */
  qrEncoderFile: string;
  logFile: string;
  /** True when the gateway runs under a uid of its own, which is what confines a shell. */
  hostTools: boolean;
  /** The skills that are configured, and their tools; nothing else of a skill is offered. */
  skills: { names: readonly string[]; tools: readonly string[] };
  model?: { contextTokens: number; outputTokens: number; images: boolean };
}

/** Environment variables that the configuration refers to; the values are never written to a file. */
export const GATEWAY_TOKEN_VARIABLE = "OPENCLAW_GATEWAY_TOKEN";
export const LOOPBACK_TOKEN_VARIABLE = "CONVOS_LOOPBACK_TOKEN";

/** Id of our channel and of the extension that serves it. */
export const CHANNEL_ID = "convos";
/** Id of the extension with the agent's pages. */
const WEB_TOOLS_ID = "web-tools";
/** Id of the extension with the tools of the skills. */
export const SKILLS_ID = "skills";
/** Our extensions by id, which is also the name of the folder of each. */
export const EXTENSIONS = [CHANNEL_ID, SKILLS_ID, WEB_TOOLS_ID];

/**
 * Name of our model proxy among openclaw's providers. Under any other name openclaw stops using the provider for
 * minutes or hours after a refusal, and the agent would stay silent after its credits were topped up.
 */
export const PROVIDER_ID = "openrouter";

const DEFAULT_MODEL = { contextTokens: 128_000, outputTokens: 8_192, images: true };
/** Longest run of the model for one turn. */
export const TURN_TIMEOUT_SECONDS = 300;

/**
 * The whole configuration of one agent's gateway. It has one model (our proxy), one channel (ours) and
 * three plugins (ours); nothing in it runs by itself, so an idle agent makes no model call and opens no connection.
 */
export function gatewayConfig(input: GatewayConfigInput): OpenClawConfig {
  const model = input.model ?? DEFAULT_MODEL;
  return {
    gateway: {
      mode: "local",
      port: input.port,
      bind: "loopback",
      auth: { mode: "token", token: `\${${GATEWAY_TOKEN_VARIABLE}}` },
      controlUi: { enabled: false },
      terminal: { enabled: false },
      reload: { mode: "off" },
    },
    update: { checkOnStart: false, auto: { enabled: false } },
    telemetry: { enabled: false },
    discovery: { mdns: { mode: "off" } },
    logging: { level: "warn", consoleLevel: "error", consoleStyle: "json", file: input.logFile },
    models: {
      mode: "replace",
      catalogRefresh: { enabled: false },
      providers: {
        [PROVIDER_ID]: {
          baseUrl: `${input.loopbackUrl}/llm`,
          apiKey: `\${${LOOPBACK_TOKEN_VARIABLE}}`,
          api: "openai-completions",
          request: { allowPrivateNetwork: true },
          models: [
            {
              id: input.modelId,
              name: "Model",
              reasoning: false,
              input: model.images ? ["text", "image"] : ["text"],
              contextWindow: model.contextTokens,
              maxTokens: model.outputTokens,
              cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
            },
          ],
        },
      },
    },
    agents: {
      defaults: {
        model: { primary: `${PROVIDER_ID}/${input.modelId}` },
        utilityModel: "",
        workspace: input.workspaceDir,
        skipBootstrap: true,
        skills: [...input.skills.names],
        heartbeat: { every: "0m" },
        silentReply: { group: "allow" },
        blockStreamingDefault: "off",
        typingMode: "never",
        thinkingDefault: "off",
        timeoutSeconds: TURN_TIMEOUT_SECONDS,
      },
    },
    session: { groupScope: "per-group", resetTriggers: [], reset: { mode: "none" }, notifyOnCreate: false },
    commands: {
      allowFrom: { "*": [] },
      ownerAllowFrom: [],
      text: false,
      native: false,
      nativeSkills: false,
      bash: false,
      config: false,
      mcp: false,
      plugins: false,
      debug: false,
      restart: false,
    },
    messages: { ackReactionScope: "off", groupChat: { visibleReplies: "automatic" } },
    tools: {
      ...toolPolicy(input.hostTools, input.skills.tools),
      toolSearch: false,
      codeMode: false,
      swarm: false,
      updatePlan: false,
      elevated: { enabled: false },
      loopDetection: { enabled: true },
      ...(input.hostTools && { exec: { host: "gateway", mode: "full" } }),
      fs: { workspaceOnly: true },
      web: { search: { enabled: false }, fetch: { enabled: true } },
    },
    cron: { enabled: false },
    memory: { search: { enabled: false } },
    hooks: { enabled: false, internal: { enabled: false } },
    skills: { allowBundled: [], load: { watch: false }, workshop: { autonomous: { mode: "off" } } },
    browser: { enabled: false },
    transcripts: { enabled: false },
    acp: { enabled: false },
    plugins: {
      enabled: true,
      allow: EXTENSIONS,
      load: { paths: EXTENSIONS.map((id) => join(input.extensionsDir, id)) },
      entries: {
        [CHANNEL_ID]: { enabled: true },
        [SKILLS_ID]: {
          enabled: true,
          config: { url: `${input.loopbackUrl}/skills`, token: `\${${LOOPBACK_TOKEN_VARIABLE}}` },
        },
        [WEB_TOOLS_ID]: { enabled: true, config: { qrEncoderFile: input.qrEncoderFile } },
      },
      slots: { memory: "none" },
    },
    channels: {
      [CHANNEL_ID]: {
        enabled: true,
        url: `${input.loopbackUrl}/channel`,
        token: `\${${LOOPBACK_TOKEN_VARIABLE}}`,
        groupPolicy: "open",
      },
    },
  };
}
