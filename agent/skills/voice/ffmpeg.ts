import { randomUUID } from "node:crypto";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import type { Sandbox } from "../kit/sandbox.ts";
import { findProgram } from "./find-program.ts";
import { VOICE_LIMITS } from "./limits.ts";

/** Where audio is: a file by its absolute path, or bytes. */
export type Source = { path: string } | { bytes: Uint8Array };

/** What a file says of itself, which need not be true. */
const Probe = Type.Object({
  format: Type.Optional(
    Type.Object({
      format_name: Type.Optional(Type.String()),
      duration: Type.Optional(Type.String()),
      size: Type.Optional(Type.String()),
    }),
  ),
  streams: Type.Optional(
    Type.Array(
      Type.Object({ codec_type: Type.Optional(Type.String()), codec_name: Type.Optional(Type.String()) }),
    ),
  ),
});
export type Probe = Static<typeof Probe>;

/** ffmpeg, run as the user of the model's shell. Every call throws ToolError when the file cannot be read. */
export interface Ffmpeg {
  probe(source: Source, signal: AbortSignal): Promise<Probe>;
  /** The sound from a second on, at most so many seconds, as SPEECH_MP3. Empty when there is none. */
  toSpeechMp3(source: Source, range: { from: number; seconds: number }, signal: AbortSignal): Promise<Buffer>;
  /** The sound as AAC in an MP4 container, with its index in front. */
  toM4a(bytes: Uint8Array, bitsPerSecond: number, signal: AbortSignal): Promise<Buffer>;
}

/**
 * Small MP3 for a model to hear: 16 kHz, mono, 32 kbit/s, no header, and no frame needs another one. It can be cut at
 * any frame, and its bytes tell how long it is.
 */
export const SPEECH_MP3 = { frameBytes: 144, frameSeconds: 0.036 } as const;

/** Only these are read: others, as playlists and picture sequences, lead to other files. */
const FORMATS = "wav,w64,mp3,flac,ogg,mov,aac,matroska,aiff,caf,amr,asf,avi,au";
const READING = [
  ...["-v", "quiet", "-max_alloc", String(VOICE_LIMITS.ffmpegMaxAllocBytes)],
  ...["-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS],
];
const SOUND_ONLY = ["-map", "0:a:0", "-map_metadata", "-1", "-threads", "1"];

/**
 * Bytes are put into a file without a name, since the index of an MP4 may stand at its end and a pipe cannot be read
 * from there. The program takes the place of the shell, so that ending it ends all.
 */
const WITH_BYTES =
  'file=$(mktemp) && exec 4> "$file" 3< "$file" && rm -f "$file" && cat >&4 && exec "$@" 4>&- < /dev/null';
const TAKE = 'exec 3< "$TMPDIR/$1" && rm -f "$TMPDIR/$1" && exec cat <&3';
const DROP = 'rm -f "$TMPDIR/$1"';
const INTO_TMP = 'name=$1; shift; exec "$@" "file:$TMPDIR/$name"';

/** Undefined when it is not on `searchPath`. */
export async function findFfmpeg(sandbox: Sandbox, searchPath: string): Promise<Ffmpeg | undefined> {
  const ffmpeg = await findProgram("ffmpeg", searchPath);
  const ffprobe = await findProgram("ffprobe", searchPath);
  if (ffmpeg === undefined || ffprobe === undefined) return undefined;

  const run = (
    source: Source,
    command: (input: string) => string[],
    options: { signal: AbortSignal; timeoutMs: number; maxOutputBytes: number },
  ): Promise<Buffer> => {
    const limits = { ...options, maxRssBytes: VOICE_LIMITS.ffmpegMaxRssBytes };
    if ("path" in source) return sandbox.exec(command(`file:${source.path}`), limits);
    const spooled = ["/bin/sh", "-c", WITH_BYTES, "sh", ...command("file:/dev/fd/3")];
    return sandbox.exec(spooled, { ...limits, input: source.bytes });
  };

  return {
    async probe(source, signal) {
      const wanted = "format=format_name,duration,size:stream=codec_type,codec_name";
      const output = await run(
        source,
        (input) => [ffprobe, ...READING, "-show_entries", wanted, "-of", "json", "-i", input],
        { signal, timeoutMs: VOICE_LIMITS.probeTimeoutMs, maxOutputBytes: 100_000 },
      );
      return Value.Parse(Probe, JSON.parse(output.toString("utf8")));
    },
    toSpeechMp3(source, { from, seconds }, signal) {
      const coding = ["-ac", "1", "-ar", "16000", "-c:a", "libmp3lame", "-b:a", "32k", "-reservoir", "0"];
      const bare = ["-write_xing", "0", "-id3v2_version", "0", "-f", "mp3", "pipe:1"];
      return run(
        source,
        (input) => [
          ...[ffmpeg, "-nostdin", ...READING, "-ss", String(from), "-i", input],
          ...[...SOUND_ONLY, "-t", String(seconds), ...coding, ...bare],
        ],
        { signal, timeoutMs: VOICE_LIMITS.convertTimeoutMs, maxOutputBytes: 16_000_000 },
      );
    },
    async toM4a(bytes, bitsPerSecond, signal) {
      const name = `voice-${randomUUID()}.m4a`;
      const limits = {
        ...{ signal, timeoutMs: VOICE_LIMITS.convertTimeoutMs },
        maxOutputBytes: VOICE_LIMITS.voiceNoteMaxBytes * 2,
      };
      const rate = bitsPerSecond < 32_000 ? 16_000 : 24_000;
      const coding = ["-ac", "1", "-ar", String(rate), "-c:a", "aac", "-b:a", String(bitsPerSecond)];
      // An index in front needs an output that can be gone back in, which a pipe cannot.
      const coded = run(
        { bytes },
        (input) => [
          ...[
            "/bin/sh",
            "-c",
            INTO_TMP,
            "sh",
            name,
            ffmpeg,
            "-nostdin",
            ...READING,
            "-f",
            "mp3",
            "-i",
            input,
          ],
          ...[...SOUND_ONLY, ...coding, "-movflags", "+faststart", "-f", "ipod"],
        ],
        limits,
      );
      await coded.catch(async (error: unknown) => {
        const untilRemoved = AbortSignal.timeout(VOICE_LIMITS.probeTimeoutMs);
        await sandbox.exec(["/bin/sh", "-c", DROP, "sh", name], { signal: untilRemoved });
        throw error;
      });
      return sandbox.exec(["/bin/sh", "-c", TAKE, "sh", name], limits);
    },
  };
}
