import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Sandbox } from "../../kit/sandbox.ts";
import { findFfmpeg } from "../ffmpeg.ts";

const TEN_MINUTES_SECONDS = 600;
const SAMPLE = fileURLToPath(new URL("../testdata/jfk.wav", import.meta.url));

export interface ConversionFigures {
  audioSeconds: number;
  /** From the call to the bytes that go to the provider. */
  ms: number;
  /** Of ffmpeg, in bytes. */
  peakRssBytes: number;
}

/** Converts speech, as a phone records it, to what the provider is sent. `dir` is the sandbox's folder. */
export async function benchmarkConversion(
  sandbox: Sandbox,
  dir: string,
  audioSeconds = TEN_MINUTES_SECONDS,
): Promise<ConversionFigures> {
  const ffmpeg = await findFfmpeg(sandbox, process.env.PATH ?? "");
  if (!ffmpeg) throw new Error("ffmpeg is not on PATH");
  const path = join(dir, "recording.m4a");
  const loop = ["-stream_loop", "-1", "-i", SAMPLE, "-t", String(audioSeconds), "-ar", "44100"];
  execFileSync("ffmpeg", ["-v", "error", "-nostdin", ...loop, "-c:a", "aac", "-b:a", "64k", path]);
  const startedMs = performance.now();
  const range = { from: 0, seconds: audioSeconds + 1 };
  await ffmpeg.toSpeechMp3({ path }, range, AbortSignal.timeout(120_000));
  const ms = performance.now() - startedMs;
  return { audioSeconds, ms, peakRssBytes: peakRss(path) };
}

/** ffmpeg says itself how much it had at most, when it is asked to. */
function peakRss(path: string): number {
  const coding = ["-ac", "1", "-ar", "16000", "-c:a", "libmp3lame", "-b:a", "32k", "-f", "null", "-"];
  const { stderr } = spawnSync("ffmpeg", ["-nostdin", "-benchmark", "-i", path, ...coding]);
  const kibibytes = /maxrss=(\d+)/.exec(stderr.toString())?.[1];
  if (kibibytes === undefined) throw new Error("ffmpeg did not say how much memory it had");
  return Number(kibibytes) * 1_024;
}
