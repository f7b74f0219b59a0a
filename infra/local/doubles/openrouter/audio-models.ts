/** A model that hears, and its price. */
export interface HearingModel {
  id: string;
  usdPerSecond: number;
}

/** A model that speaks, and its price. */
export interface SpeakingModel {
  id: string;
  usdPerCharacter: number;
  voices: ReadonlySet<string>;
}

const OPENAI_VOICES = new Set([
  ...["alloy", "ash", "ballad", "cedar", "coral", "echo", "fable"],
  ...["marin", "nova", "onyx", "sage", "shimmer", "verse"],
]);

/** A few entries of the real catalogue, so that prices are of the right order. Models that chat are no part of it. */
const HEARING: readonly HearingModel[] = [
  { id: "openai/whisper-1", usdPerSecond: 0.006 / 60 },
  { id: "openai/gpt-4o-mini-transcribe", usdPerSecond: 0.003 / 60 },
  { id: "google/chirp-3", usdPerSecond: 0.016 / 60 },
];
const SPEAKING: readonly SpeakingModel[] = [
  { id: "openai/gpt-4o-mini-tts-2025-12-15", usdPerCharacter: 0.6 / 1_000_000, voices: OPENAI_VOICES },
  { id: "openai/tts-1", usdPerCharacter: 15 / 1_000_000, voices: OPENAI_VOICES },
];

export const findHearingModel = (id: string): HearingModel | undefined =>
  HEARING.find((model) => model.id === id);
export const findSpeakingModel = (id: string): SpeakingModel | undefined =>
  SPEAKING.find((model) => model.id === id);
