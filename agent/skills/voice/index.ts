import type { MoneyBreaker } from "../../server/model-proxy/breaker.ts";
import type { Sandbox } from "../kit/sandbox.ts";
import type { Skill, SkillState } from "../kit/skill.ts";
import { type AudioApi, type AudioModels, createAudioApi } from "./audio-api.ts";
import { audioTranscribeTool } from "./audio-transcribe.ts";
import { findFfmpeg } from "./ffmpeg.ts";
import { FFMPEG_MISSING } from "./ffmpeg-missing.ts";
import { createTranscriber, type Transcriber } from "./transcriber.ts";
import { voiceNoteTool } from "./voice-note.ts";

export type { Transcriber } from "./transcriber.ts";

export const DEFAULT_AUDIO_MODELS: AudioModels = {
  transcription: "openai/whisper-1",
  speech: "openai/gpt-4o-mini-tts-2025-12-15",
};

export interface VoiceOptions {
  /** OpenRouter's base, for example `https://openrouter.ai/api/v1`. */
  baseUrl: string;
  /** The agent's own capped key; without one the skill is off. */
  key: string | undefined;
  /** The one that the agent's model requests go through. */
  breaker: Pick<MoneyBreaker, "open" | "trip">;
  sandbox: Sandbox;
  /** Told what each request has cost, in USD, where the provider says it. */
  onCost?: (costUsd: number) => void;
  models?: AudioModels;
  /** Where ffmpeg and ffprobe are looked for; PATH by default. */
  searchPath?: string;
}

export interface VoiceSkill extends Skill {
  /** For voice notes that arrive in the chat; undefined without a key. */
  transcriber: Transcriber | undefined;
}

export function createVoiceSkill(options: VoiceOptions): VoiceSkill {
  const { baseUrl, key, breaker, sandbox } = options;
  const { models = DEFAULT_AUDIO_MODELS, onCost = () => undefined } = options;
  const searchPath = options.searchPath ?? process.env.PATH ?? "";
  const api = key === undefined ? undefined : createAudioApi({ baseUrl, key, breaker, models, onCost });
  return {
    name: "voice",
    tools: api
      ? [voiceNoteTool(api, sandbox, searchPath), audioTranscribeTool(api, sandbox, searchPath)]
      : [],
    transcriber: api && createTranscriber({ api, sandbox, searchPath }),
    setup: async (signal) => {
      if (!api) return { state: "off", detail: "There is no OpenRouter key." };
      return (await keyProblem(api, signal)) ?? ready((await findFfmpeg(sandbox, searchPath)) !== undefined);
    },
  };
}

async function keyProblem(api: AudioApi, signal: AbortSignal): Promise<SkillState | undefined> {
  switch (await api.checkKey(signal)) {
    case "usable":
      return undefined;
    case "refused":
      return { state: "failing", detail: "OpenRouter does not accept the key." };
    case "out-of-credit":
      return { state: "failing", detail: "The OpenRouter key has no credit left." };
    case "unreachable":
      return { state: "failing", detail: "OpenRouter does not answer." };
  }
}

const ready = (hasFfmpeg: boolean): SkillState => ({
  state: "ready",
  detail: hasFfmpeg
    ? "OpenRouter accepts the key; ffmpeg converts."
    : `OpenRouter accepts the key. Nothing is converted, since ${FFMPEG_MISSING}: only short texts and usual formats work.`,
});
