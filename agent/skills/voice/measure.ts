import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Measurable, measureProgram } from "../kit/measurable.ts";
import type { Sandbox } from "../kit/sandbox.ts";
import { findFfmpeg } from "./ffmpeg.ts";

const SAMPLE = fileURLToPath(new URL("testdata/jfk.wav", import.meta.url));

/**
 * Speech as a phone records it, converted to what the provider is sent. `dir` is the sandbox's folder. None without ffmpeg on
 * PATH.
 */
export async function measurableAudio(
  sandbox: Sandbox,
  dir: string,
  audioSeconds: number,
): Promise<readonly Measurable[]> {
  const ffmpeg = await findFfmpeg(sandbox, process.env.PATH ?? "");
  if (ffmpeg === undefined) return [];
  const path = join(dir, "recording.m4a");
  const loop = ["-stream_loop", "-1", "-i", SAMPLE, "-t", String(audioSeconds), "-ar", "44100"];
  execFileSync("ffmpeg", ["-v", "error", "-nostdin", ...loop, "-c:a", "aac", "-b:a", "64k", path]);
  const range = { from: 0, seconds: audioSeconds + 1 };
  return [
    {
      operation: `M4A of ${audioSeconds} s → MP3 for speech`,
      run: (signal) => measureProgram("ffmpeg", () => ffmpeg.toSpeechMp3({ path }, range, signal)),
    },
  ];
}
