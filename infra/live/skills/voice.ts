import { createMoneyBreaker } from "../../../agent/server/model-proxy/breaker.ts";
import { createVoiceSkill } from "../../../agent/skills/voice/index.ts";
import { missingModelKey, openModelKey } from "../model-key.ts";
import { match, seen } from "../seen.ts";
import { defineSuite, type Step } from "../suite.ts";
import { openTools, type ToolScene } from "../tools.ts";

/** What is spoken is heard again, by another model. */
const roundTrip = (language: string, text: string, heard: readonly RegExp[]): Step<ToolScene> => ({
  name: `speaks and hears again (${language})`,
  costUsd: 0.01,
  run: async ({ use, workspace }, signal) => {
    const note = await use("voice_note", { text, language }, signal);
    const path = match(note, /^(\S+\.(?:m4a|mp3)) \(/, "it is an audio file");
    const { length } = await workspace.call().files.read(path, 2_000_000);
    seen(length > 1_000, "the file has sound in it", `${length} bytes`);
    const transcript = await use("audio_transcribe", { path, language }, signal);
    for (const words of heard) match(transcript, words, `${words.source} is heard`);
    return `${note.slice(0, note.indexOf(". Send"))}; ${match(transcript, /cost USD \d+\.\d+/, "a cost")} to hear`;
  },
});

/** Speech models by way of OpenRouter. */
export const voice = defineSuite<ToolScene>({
  skill: "voice",
  missing: missingModelKey,
  open: async (context) => {
    const { TRANSCRIPTION_MODEL_ID: transcription, SPEECH_MODEL_ID: speech } = context.config;
    const access = await openModelKey(context);
    const breaker = createMoneyBreaker();
    const models = { transcription, speech };
    return openTools(context, ({ sandbox }) => createVoiceSkill({ ...access, breaker, sandbox, models }));
  },
  steps: [
    roundTrip("en", "The train leaves from platform seven.", [/train/i, /platform/i, /\b(seven|7)\b/i]),
    roundTrip("de", "Der Zug kommt heute leider etwas später.", [/Zug/i, /heute/i]),
  ],
});
