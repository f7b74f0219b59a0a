import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OutOfCreditError } from "../kit/out-of-credit.ts";
import { createVoiceSkill, type Transcriber } from "./index.ts";
import { VOICE_LIMITS } from "./limits.ts";
import { ffmpeg, measure, openVoiceTest, sample, type VoiceTest } from "./testing/voice-test.ts";

const signal = AbortSignal.timeout(600_000);

let voice: VoiceTest;
beforeEach(async () => {
  voice = await openVoiceTest();
});
afterEach(() => voice.close());

function transcriber({ skill }: VoiceTest): Transcriber {
  if (!skill.transcriber) throw new Error("the skill is off");
  return skill.transcriber;
}

describe("setup", () => {
  it("knows what it works with", async () => {
    expect(await voice.skill.setup(signal)).toEqual({
      state: "ready",
      detail: "OpenRouter accepts the key; ffmpeg converts.",
    });
    expect(voice.billedUsd()).toBe(0);
  });

  it("is off without a key, and offers nothing", async () => {
    const skill = createVoiceSkill({ ...voice.options, key: undefined });
    expect(skill.tools).toEqual([]);
    expect(skill.transcriber).toBeUndefined();
    expect(await skill.setup(signal)).toMatchObject({ state: "off" });
  });

  it("tells a wrong key from a provider that is away", async () => {
    const wrong = createVoiceSkill({ ...voice.options, key: "sk-or-v1-wrong" });
    expect(await wrong.setup(signal)).toEqual({
      state: "failing",
      detail: "OpenRouter does not accept the key.",
    });
    voice.double.faults.add({ match: { path: "/key" }, fault: { kind: "reset" } });
    expect(await voice.skill.setup(signal)).toEqual({
      state: "failing",
      detail: "OpenRouter does not answer.",
    });
  });
});

describe("a voice note that arrives", () => {
  it("becomes text, with its length and cost", async () => {
    const note = { bytes: sample("lena.m4a"), filename: "Voice.m4a", mimeType: "audio/mp4" };
    const heard = await transcriber(voice).transcribe(note, signal);
    expect(heard.text).toBe("[speech of 12 seconds]");
    expect(heard.seconds).toBeCloseTo(12.27, 1);
    expect(heard.costUsd).toBeCloseTo(voice.billedUsd(), 9);
    expect(heard.costUsd).toBeCloseTo(0.0013, 4);
  });

  it("is understood when its index stands at the end, whatever its name says", async () => {
    await voice.use("voice_note", { text: "See you at nine." });
    const file = join(voice.dir, "phone.mov");
    ffmpeg(["-i", join(voice.dir, "voice-note.m4a"), "-c:a", "pcm_s16be", file]);
    const bytes = await readFile(file);
    expect(bytes.indexOf("moov")).toBeGreaterThan(bytes.indexOf("mdat"));
    const heard = await transcriber(voice).transcribe({ bytes, filename: "x.txt" }, signal);
    expect(heard.text).toBe("See you at nine.");
  });

  it("is refused above its limits, and costs nothing", async () => {
    const large = { bytes: new Uint8Array(VOICE_LIMITS.noteMaxBytes + 1) };
    await expect(transcriber(voice).transcribe(large, signal)).rejects.toThrow("larger than 25 MB");
    const silence = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "602", "-f", "mp3", "pipe:1"];
    const long = { bytes: ffmpeg(silence) };
    await expect(transcriber(voice).transcribe(long, signal)).rejects.toThrow("longer than 10 minutes");
    expect(voice.billedUsd()).toBe(0);
  });

  it("leaves nothing behind", async () => {
    await transcriber(voice).transcribe({ bytes: sample("jfk.mp3") }, signal);
    await expect(transcriber(voice).transcribe({ bytes: Buffer.from("no") }, signal)).rejects.toThrow(
      "damaged",
    );
    const aborted = AbortSignal.timeout(100);
    const long = { bytes: Buffer.concat(Array(60).fill(sample("jfk.mp3"))) };
    await expect(transcriber(voice).transcribe(long, aborted)).rejects.toThrow("timeout");
    const left = await voice.sandbox.exec(["/bin/ls", "-A", "..", "."], { signal });
    expect(left.toString()).toBe(".:\n\n..:\nworkspace\n");
  });

  it("is not sent anywhere while there is no credit", async () => {
    voice.breaker.trip();
    const heard = transcriber(voice).transcribe({ bytes: sample("jfk.mp3") }, signal);
    await expect(heard).rejects.toBeInstanceOf(OutOfCreditError);
  });
});

describe("without ffmpeg", () => {
  let bare: VoiceTest;
  beforeEach(async () => {
    bare = await openVoiceTest({ searchPath: join(voice.dir, "bin") });
    await mkdir(join(voice.dir, "bin"));
  });
  afterEach(() => bare.close());

  it("setup says what is missing and how to get it", async () => {
    const { state, detail } = await bare.skill.setup(signal);
    expect(state).toBe("ready");
    expect(detail).toContain("ffmpeg is missing on this machine (Debian: apt-get install ffmpeg");
  });

  it.each(["jfk.mp3", "jfk.wav", "lena.m4a", "lena.opus"])("%s is heard as it is", async (name) => {
    expect(await bare.use("audio_transcribe", { path: bare.put(name) })).toMatch(
      /\[speech of 1[12] seconds\]/,
    );
    expect((await transcriber(bare).transcribe({ bytes: sample(name) }, signal)).seconds).toBeGreaterThan(10);
  });

  it("what would have to be converted is refused", async () => {
    const path = bare.put("letter.mp3", Buffer.from("Dear Sir or Madam"));
    await expect(bare.use("audio_transcribe", { path })).rejects.toThrow("ffmpeg is missing");
    expect(bare.billedUsd()).toBe(0);
  });

  it("a voice note is the provider's MP3, of a short text", async () => {
    const said = await bare.use("voice_note", { text: "Short and sweet." });
    expect(said).toMatch(/^voice-note\.mp3 \(\d+ kB, cost/);
    expect(measure(bare.read("voice-note.mp3"), bare.dir).seconds).toBeCloseTo(16 * 0.08, 0);
    await expect(bare.use("voice_note", { text: "x".repeat(601) })).rejects.toThrow("ffmpeg is missing");
  });
});

it("costs few tokens", () => {
  const offered = voice.skill.tools.map(({ name, description, parameters }) => ({
    name,
    description,
    parameters,
  }));
  expect(JSON.stringify(offered).length).toBeLessThan(1_500);
});
