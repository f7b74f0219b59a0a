import { type Static, Type } from "typebox";
import { AgentEnvironment } from "../../agent/server/config.ts";
import { WorkerEnvironment } from "../../workers/config.ts";
import { readEnvironment } from "../config/environment.ts";
import type { Settings } from "../local/settings.ts";
import { LiveSettings, LocalSettings } from "../local/settings-schema.ts";

const ofWorkers = WorkerEnvironment.properties;
const ofAgents = AgentEnvironment.properties;

/** What the live tests read: the same names as the platform where there are such. */
export const LiveEnvironment = Type.Object({
  ...LiveSettings.properties,
  OPENROUTER_MANAGEMENT_KEY: LocalSettings.properties.OPENROUTER_MANAGEMENT_KEY,
  OPENROUTER_BASE_URL: ofWorkers.OPENROUTER_BASE_URL,
  AGENTMAIL_API_KEY: Type.Optional(ofWorkers.AGENTMAIL_API_KEY),
  AGENTMAIL_BASE_URL: ofWorkers.AGENTMAIL_BASE_URL,
  TELNYX_API_KEY: Type.Optional(ofWorkers.TELNYX_API_KEY),
  TELNYX_BASE_URL: ofWorkers.TELNYX_BASE_URL,
  BANKR_BASE_URL: ofWorkers.BANKR_BASE_URL,
  MODEL_ID: LocalSettings.properties.MODEL_ID,
  MODEL_JUDGE_ID: ofAgents.MODEL_JUDGE_ID,
  MODEL_VISION_ID: ofAgents.MODEL_VISION_ID,
  SEARCH_MODEL_ID: ofAgents.SEARCH_MODEL_ID,
  TRANSCRIPTION_MODEL_ID: ofAgents.TRANSCRIPTION_MODEL_ID,
  SPEECH_MODEL_ID: ofAgents.SPEECH_MODEL_ID,
  PUPPETEER_EXECUTABLE_PATH: ofAgents.PUPPETEER_EXECUTABLE_PATH,
});
export type LiveConfig = Readonly<Static<typeof LiveEnvironment>>;

/** Throws a ConfigError that names what is invalid, and every unknown name that begins with `LIVE_`. */
export const parseLiveConfig = (settings: Settings): LiveConfig =>
  readEnvironment(LiveEnvironment, settings, { name: "the live tests", ownNames: /^LIVE_/ });

/** The values that are never printed. */
export const secretsOf = (config: LiveConfig): string[] =>
  [
    config.OPENROUTER_API_KEY,
    config.OPENROUTER_MANAGEMENT_KEY,
    config.AGENTMAIL_API_KEY,
    config.AGENTMAIL_INBOX_KEY,
    config.TELNYX_API_KEY,
    config.BANKR_API_KEY,
  ].filter((secret) => secret !== undefined);
