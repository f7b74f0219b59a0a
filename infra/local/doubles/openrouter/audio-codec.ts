import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HEARING_RATE_HZ } from "./audio-tones.ts";

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 512 * 1_024 * 1_024;

/** What audio bytes really are, by how they begin; undefined when they are no audio. */
export function formatOf(bytes: Buffer): string | undefined {
  const at = (text: string, offset: number): boolean =>
    bytes.subarray(offset, offset + text.length).equals(Buffer.from(text, "latin1"));
  if (at("RIFF", 0) && at("WAVE", 8)) return "wav";
  if (at("fLaC", 0)) return "flac";
  if (at("OggS", 0)) return "ogg";
  if (at("ftyp", 4)) return "m4a";
  if (at("\x1a\x45\xdf\xa3", 0)) return "webm";
  const [first = 0, second = 0] = bytes;
  if (at("ID3", 0) || (first === 0xff && (second & 0xe6) === 0xe2)) return "mp3";
  if (first === 0xff && (second & 0xf6) === 0xf0) return "aac";
  return undefined;
}

/** The sound at HEARING_RATE_HZ, mono; "broken" when it cannot be decoded; undefined when no ffmpeg is on PATH. */
export function decode(bytes: Buffer): Float32Array | "broken" | undefined {
  const folder = mkdtempSync(join(tmpdir(), "double-audio-"));
  try {
    // A file and not a pipe: the index of an MP4 may stand at its end.
    const file = join(folder, "audio");
    writeFileSync(file, bytes);
    const input = ["-protocol_whitelist", "file,pipe", "-i", file, "-map", "0:a:0"];
    const output = ["-ac", "1", "-ar", String(HEARING_RATE_HZ), "-f", "f32le", "pipe:1"];
    const samples = ffmpeg([...input, ...output]);
    if (samples === "failed" || samples?.length === 0) return "broken";
    return samples && new Float32Array(new Uint8Array(samples).buffer);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Signed 16-bit samples, little-endian. */
export function toPcm(sound: Float32Array): Buffer {
  const pcm = Buffer.alloc(sound.length * 2);
  for (let index = 0; index < sound.length; index += 1) {
    pcm.writeInt16LE(Math.round((sound[index] ?? 0) * 32_767), index * 2);
  }
  return pcm;
}

/** MP3 of 64 kbit/s at 24 kHz, mono; without ffmpeg on PATH it is as long, but silent. */
export function toMp3(sound: Float32Array): Buffer {
  const input = ["-f", "s16le", "-ar", "24000", "-ac", "1", "-i", "pipe:0"];
  const mp3 = ffmpeg([...input, "-b:a", "64k", "-f", "mp3", "pipe:1"], toPcm(sound));
  if (mp3 === "failed") throw new Error("ffmpeg could not make an MP3");
  return mp3 ?? silentMp3(sound.length);
}

const FRAME_SAMPLES = 576;
const FRAME_BYTES = 192;
/** MPEG-2 layer III without checksum, 64 kbit/s, 24 kHz, mono. All zeros behind it are silence. */
const FRAME_HEADER = [0xff, 0xf3, 0x84, 0xc4];

function silentMp3(samples: number): Buffer {
  const mp3 = Buffer.alloc(Math.ceil(samples / FRAME_SAMPLES) * FRAME_BYTES);
  for (let at = 0; at < mp3.length; at += FRAME_BYTES) mp3.set(FRAME_HEADER, at);
  return mp3;
}

/** What ffmpeg writes; undefined when there is none on PATH. */
function ffmpeg(options: string[], input: Uint8Array = new Uint8Array()): Buffer | "failed" | undefined {
  const ended = spawnSync("ffmpeg", ["-v", "quiet", "-nostdin", ...options], {
    input,
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  if (ended.error && "code" in ended.error && ended.error.code === "ENOENT") return undefined;
  return ended.error || ended.status !== 0 ? "failed" : ended.stdout;
}
