import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OutOfCreditError } from "../kit/out-of-credit.ts";
import { ToolError } from "../kit/tool-error.ts";
import { VOICE_LIMITS } from "./limits.ts";
import { createKey, measure, openVoiceTest, type VoiceTest } from "./testing/voice-test.ts";

const TEXT = "Good morning, Ada! Dinner is at 19:30 in the Grüne Gans.";
const spokenSeconds = (text: string): number => Buffer.byteLength(text) * 0.08;

let voice: VoiceTest;
beforeEach(async () => {
  voice = await openVoiceTest();
});
afterEach(() => voice.close());

const speechRequests = async (): Promise<number> => {
  const answer = await fetch(new URL("/__double/log", voice.double.url));
  return (await answer.text()).split("/audio/speech").length - 1;
};

describe("voice_note", () => {
  it("makes an M4A with the index in front, as long and as loud as what was spoken", async () => {
    const said = await voice.use("voice_note", { text: TEXT });
    const m4a = voice.read("voice-note.m4a");
    expect(m4a.toString("latin1", 4, 12)).toBe("ftypM4A ");
    expect(m4a.indexOf("moov")).toBeLessThan(m4a.indexOf("mdat"));
    const { seconds, rms } = measure(m4a, voice.dir);
    expect(Math.abs(seconds - spokenSeconds(TEXT))).toBeLessThan(0.2);
    expect(rms).toBeGreaterThan(0.15);
    expect(rms).toBeLessThan(0.25);
    expect(said).toMatch(/^voice-note\.m4a \(4\.\d s, \d+ kB, cost USD 0\.0000\)\. Send it/);
    expect(voice.billedUsd()).toBeCloseTo(TEXT.length * 0.6e-6, 9);
  });

  it("says what transcription hears again, through both codecs", async () => {
    await voice.use("voice_note", { text: TEXT, voice: "nova", language: "de" });
    const heard = await voice.use("audio_transcribe", { path: "voice-note.m4a" });
    expect(heard).toMatch(/^5 s of sound, cost USD 0\.0005\.\n\n/);
    expect(heard).toContain(TEXT);
  });

  it("keeps the longest text under a megabyte", async () => {
    const text = "All work and no play makes Jack a dull boy. "
      .repeat(70)
      .slice(0, VOICE_LIMITS.textMaxChars);
    await voice.use("voice_note", { text });
    const m4a = voice.read("voice-note.m4a");
    expect(m4a.length).toBeLessThanOrEqual(VOICE_LIMITS.voiceNoteMaxBytes);
    expect(measure(m4a, voice.dir).seconds).toBeGreaterThan(239);
    await expect(voice.use("voice_note", { text: `${text}!` })).rejects.toThrow(/^text: /);
  }, 120_000);

  it("does not ask for nothing to be spoken, nor in an unknown voice twice", async () => {
    await expect(voice.use("voice_note", { text: " \n" })).rejects.toThrow("no words");
    expect(await speechRequests()).toBe(0);
    await expect(voice.use("voice_note", { text: "a", voice: "gollum" })).rejects.toThrow("voice unknown");
    expect(await speechRequests()).toBe(1);
    expect(voice.billedUsd()).toBe(0);
  });

  it("asks again when throttled, but never after an answer that may have cost", async () => {
    voice.double.faults.add({ match: { path: "speech" }, fault: { kind: "429", retryAfterSeconds: 0 } });
    await voice.use("voice_note", { text: "hi" });
    expect(await speechRequests()).toBe(2);
    voice.double.faults.add({ match: { path: "speech" }, fault: { kind: "html" }, position: "after" });
    await expect(voice.use("voice_note", { text: "hi" })).rejects.toThrow("did not answer");
    voice.double.faults.add({ match: { path: "speech" }, fault: { kind: "reset" }, position: "after" });
    await expect(voice.use("voice_note", { text: "hi" })).rejects.toThrow("did not answer");
    expect(await speechRequests()).toBe(4);
  });

  it("tells when the cost is not known", async () => {
    voice.double.faults.add({
      match: { path: "generation" },
      fault: { kind: "status", status: 404 },
      times: 3,
    });
    expect(await voice.use("voice_note", { text: "hi" })).toContain("cost not known");
  });
});

describe("without credit", () => {
  it.each([402, 403])("opens the breaker at the first %d and asks no more", async (keyLimitStatus) => {
    const key = await createKey(voice.double, 0.0002);
    await fetch(new URL("/__double/openrouter/settings", voice.double.url), {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ keyLimitStatus }),
    });
    const poor = await openVoiceTest({ key, baseUrl: voice.double.url });
    try {
      await poor.use("audio_transcribe", { path: poor.put("jfk.mp3") });
      expect(poor.breaker.open).toBe(false);
      const refused = poor.use("voice_note", { text: "hi" });
      await expect(refused).rejects.toBeInstanceOf(OutOfCreditError);
      await expect(refused).rejects.toBeInstanceOf(ToolError);
      expect(poor.breaker.open).toBe(true);
      await expect(poor.use("voice_note", { text: "hi" })).rejects.toBeInstanceOf(OutOfCreditError);
      expect(await speechRequests()).toBe(1);
      expect(await poor.skill.setup(AbortSignal.timeout(5_000))).toMatchObject({ state: "failing" });
    } finally {
      await poor.close();
    }
  });

  it("takes another 403 for what it is", async () => {
    const body = { error: { code: 403, message: "Input was flagged by moderation" } };
    voice.double.faults.add({ match: { path: "speech" }, fault: { kind: "status", status: 403, body } });
    await expect(voice.use("voice_note", { text: "hi" })).rejects.toThrow("will not help");
    expect(voice.breaker.open).toBe(false);
  });
});
