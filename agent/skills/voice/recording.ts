import { ToolError } from "../kit/tool-error.ts";
import type { AudioApi, Heard } from "./audio-api.ts";
import { formatByMagic, formatToSend } from "./audio-format.ts";
import { type Ffmpeg, type Source, SPEECH_MP3 } from "./ffmpeg.ts";
import { FFMPEG_MISSING } from "./ffmpeg-missing.ts";
import { VOICE_LIMITS } from "./limits.ts";

export interface Recording {
  source: Source;
  /** Its bytes; rejects with ToolError when they are more. */
  read(maxBytes: number): Promise<Buffer>;
}

export interface TranscribeOptions {
  language: string | undefined;
  /** From which second on. */
  from: number;
  /** How much of it at most, in seconds, and whether a longer one is refused or heard so far. */
  maxSeconds: number;
  whenLonger: "refuse" | "stop";
  progress(line: string): void;
  signal: AbortSignal;
}

export interface Transcript {
  text: string;
  /** How much sound has been heard. */
  seconds: number;
  costUsd: number;
  /** Why not all of it has been heard; undefined when it has. */
  incomplete: string | undefined;
}

const FRAMES_PER_PART = Math.round(VOICE_LIMITS.partSeconds / SPEECH_MP3.frameSeconds);
/** What coding adds at the end makes no part of its own. */
const TAIL_FRAMES = 28;

/** The words of a recording. Small ones of a usual kind go to the provider as they are, all others as small MP3, in parts. */
export async function transcribe(
  api: AudioApi,
  ffmpeg: Ffmpeg | undefined,
  recording: Recording,
  options: TranscribeOptions,
): Promise<Transcript> {
  if (!ffmpeg) return transcribeUnseen(api, recording, options);
  const { signal, language, from } = options;
  const probe = await ffmpeg.probe(recording.source, signal);
  if (!probe.streams?.some(({ codec_type: type }) => type === "audio")) throw noSound();
  const format = formatToSend(probe);
  const claimed = Number(probe.format?.duration ?? Number.NaN);
  const isSmall = Number(probe.format?.size ?? Number.NaN) <= VOICE_LIMITS.asIsMaxBytes;
  if (format !== undefined && isSmall && from === 0 && claimed <= VOICE_LIMITS.partSeconds) {
    const bytes = await recording.read(VOICE_LIMITS.asIsMaxBytes);
    return whole(await api.transcribe(bytes, format, language, signal), claimed);
  }
  return transcribeConverted(api, ffmpeg, recording.source, options);
}

/** Without ffmpeg nothing is known of the recording but how it begins. */
async function transcribeUnseen(
  api: AudioApi,
  recording: Recording,
  { from, language, signal }: TranscribeOptions,
): Promise<Transcript> {
  const bytes = await recording.read(VOICE_LIMITS.asIsMaxBytesWithoutFfmpeg);
  const format = formatByMagic(bytes);
  if (format === undefined || from > 0)
    throw new ToolError(
      `It is no audio of a kind that can be used without conversion, and ${FFMPEG_MISSING}.`,
    );
  return whole(await api.transcribe(bytes, format, language, signal), 0);
}

const whole = ({ text, seconds, costUsd }: Heard, claimedSeconds: number): Transcript => ({
  ...{ text, costUsd, incomplete: undefined },
  seconds: seconds ?? claimedSeconds,
});

async function transcribeConverted(
  api: AudioApi,
  ffmpeg: Ffmpeg,
  source: Source,
  { from, maxSeconds, whenLonger, language, progress, signal }: TranscribeOptions,
): Promise<Transcript> {
  const startedMs = Date.now();
  progress("Converting the recording.");
  const mp3 = await ffmpeg.toSpeechMp3(source, { from, seconds: maxSeconds + 1 }, signal);
  const { frameBytes, frameSeconds } = SPEECH_MP3;
  const maxFrames = Math.round(maxSeconds / frameSeconds);
  const frames = Math.floor(mp3.length / frameBytes);
  if (frames <= TAIL_FRAMES && from > 0) throw new ToolError("The recording ends before that minute.");
  if (frames === 0) throw noSound();
  const isLonger = frames > maxFrames + TAIL_FRAMES / 2;
  if (isLonger && whenLonger === "refuse")
    throw new ToolError(`The recording is longer than ${Math.round(maxSeconds / 60)} minutes.`);

  const parts = split(mp3.subarray(0, (isLonger ? maxFrames : frames) * frameBytes));
  const heard: Heard[] = [];
  let incomplete = isLonger ? "the recording goes on" : undefined;
  let heardFrames = 0;
  for (const [index, part] of parts.entries()) {
    if (index > 0 && Date.now() - startedMs > VOICE_LIMITS.lastPartAfterMs) {
      incomplete = "the time for one call was over";
      break;
    }
    try {
      heard.push(await api.transcribe(part, "mp3", language, signal));
    } catch (error) {
      // What has been heard was paid for, so it is not thrown away with the part that failed.
      if (index === 0 || !(error instanceof ToolError)) throw error;
      incomplete = error.message;
      break;
    }
    heardFrames += part.length / frameBytes;
    if (parts.length > 1) progress(`Transcribed part ${index + 1} of ${parts.length}.`);
  }
  return {
    text: heard
      .map(({ text }) => text)
      .filter((text) => text !== "")
      .join(" "),
    seconds: heardFrames * frameSeconds,
    costUsd: heard.reduce((sum, { costUsd }) => sum + costUsd, 0),
    incomplete,
  };
}

function split(mp3: Buffer): Buffer[] {
  const frames = mp3.length / SPEECH_MP3.frameBytes;
  const count = Math.max(1, Math.ceil((frames - TAIL_FRAMES) / FRAMES_PER_PART));
  const partBytes = FRAMES_PER_PART * SPEECH_MP3.frameBytes;
  return Array.from({ length: count }, (_, index) =>
    mp3.subarray(index * partBytes, index === count - 1 ? mp3.length : (index + 1) * partBytes),
  );
}

const noSound = (): ToolError => new ToolError("There is no sound in that file.");
