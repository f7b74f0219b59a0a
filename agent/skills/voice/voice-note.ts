import { Type } from "typebox";
import type { Sandbox } from "../kit/sandbox.ts";
import { defineTool, type SkillTool } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import type { AudioApi } from "./audio-api.ts";
import { LANGUAGE } from "./audio-transcribe.ts";
import { type Ffmpeg, findFfmpeg } from "./ffmpeg.ts";
import { FFMPEG_MISSING } from "./ffmpeg-missing.ts";
import { VOICE_LIMITS } from "./limits.ts";

const DEFAULT_VOICE = "alloy";
/** Leaves room for the container, and for a coder that does not keep to its rate. */
const SAFETY = 0.9;

/** The tool that speaks a text into a file, which the model then sends. */
export const voiceNoteTool = (api: AudioApi, sandbox: Sandbox, searchPath: string): SkillTool =>
  defineTool({
    name: "voice_note",
    description: `Text -> spoken audio file in the folder (up to ${VOICE_LIMITS.textMaxChars} characters, plain words; well below USD 0.01). Only when a voice answer is wanted. Then send the file with the message tool.`,
    parameters: Type.Object(
      {
        text: Type.String({ minLength: 1, maxLength: VOICE_LIMITS.textMaxChars }),
        voice: Type.Optional(
          Type.String({
            pattern: "^[a-z]{2,20}$",
            description: "alloy (default), ash, coral, echo, nova, onyx, sage",
          }),
        ),
        language: Type.Optional(LANGUAGE),
      },
      { additionalProperties: false },
    ),
    effect: "own",
    timeoutMs: VOICE_LIMITS.toolTimeoutMs,
    run: async ({ text, voice = DEFAULT_VOICE, language }, call) => {
      if (text.trim() === "") throw new ToolError("text: there are no words in it.");
      const ffmpeg = await findFfmpeg(sandbox, searchPath);
      if (!ffmpeg && text.length > VOICE_LIMITS.textMaxCharsWithoutFfmpeg)
        throw new ToolError(
          `At most ${VOICE_LIMITS.textMaxCharsWithoutFfmpeg} characters can be spoken, since ${FFMPEG_MISSING}.`,
        );
      const { mp3, costUsd } = await api.speak(text, voice, language, call.signal);
      const note = ffmpeg ? await toNote(ffmpeg, mp3, call.signal) : { bytes: mp3, seconds: undefined };
      if (note.bytes.length > VOICE_LIMITS.voiceNoteMaxBytes) throw tooLong();
      const saved = await call.files.write(`voice-note.${ffmpeg ? "m4a" : "mp3"}`, note.bytes);
      const length = note.seconds === undefined ? "" : `${note.seconds.toFixed(1)} s, `;
      const size = `${Math.ceil(note.bytes.length / 1_000)} kB`;
      const cost = costUsd === undefined ? "cost not known" : `cost USD ${costUsd.toFixed(4)}`;
      return { text: `${saved} (${length}${size}, ${cost}). Send it with the message tool.` };
    },
  });

/** AAC as good as its size allows. */
async function toNote(
  ffmpeg: Ffmpeg,
  mp3: Buffer,
  signal: AbortSignal,
): Promise<{ bytes: Buffer; seconds: number }> {
  const bits = VOICE_LIMITS.voiceNoteMaxBytes * 8 * SAFETY;
  const rate = Math.floor(bits / (await secondsOf(ffmpeg, mp3, signal)));
  if (!(rate >= VOICE_LIMITS.aacMinBitsPerSecond)) throw tooLong();
  const bytes = await ffmpeg.toM4a(mp3, Math.min(rate, VOICE_LIMITS.aacMaxBitsPerSecond), signal);
  return { bytes, seconds: await secondsOf(ffmpeg, bytes, signal) };
}

async function secondsOf(ffmpeg: Ffmpeg, bytes: Buffer, signal: AbortSignal): Promise<number> {
  const { format } = await ffmpeg.probe({ bytes }, signal);
  return Number(format?.duration ?? Number.NaN);
}

const tooLong = (): ToolError =>
  new ToolError("The spoken text is too long for one file. Use a shorter text.");
