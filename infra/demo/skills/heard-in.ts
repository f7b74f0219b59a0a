import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { HEARING_RATE_HZ, hear } from "../../local/doubles/openrouter/audio-tones.ts";

const MAX_BYTES = 50_000_000;

/** What is said in an audio file, if the stand-in has spoken it. */
export async function heardIn(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    "ffmpeg",
    ["-nostdin", "-v", "error", "-i", path, "-f", "f32le", "-ac", "1", "-ar", String(HEARING_RATE_HZ), "-"],
    { encoding: "buffer", maxBuffer: MAX_BYTES },
  );
  return hear(new Float32Array(new Uint8Array(stdout).buffer));
}
