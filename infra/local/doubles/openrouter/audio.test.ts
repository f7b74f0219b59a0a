import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decode, formatOf, toPcm } from "./audio-codec.ts";
import { HEARING_RATE_HZ, hear, say } from "./audio-tones.ts";
import { type Answer, TestDouble } from "./testing.ts";

let test: TestDouble;
let secret: string;
let hash: string;
beforeEach(async () => {
  test = await TestDouble.start();
  ({ secret, hash } = await test.createKey({ limit: 1 }));
});
afterEach(() => test.close());

const speak = (input: string, fields: Record<string, unknown> = {}, key = secret): Promise<Response> =>
  test.fetch("POST", "/audio/speech", key, {
    ...{ model: "openai/gpt-4o-mini-tts-2025-12-15", voice: "alloy", response_format: "mp3" },
    ...{ input, ...fields },
  });
const spoken = async (input: string, fields: Record<string, unknown> = {}): Promise<Buffer> => {
  const answer = await speak(input, fields);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
};
const transcribe = (bytes: Buffer, format: string, fields: Record<string, unknown> = {}): Promise<Answer> =>
  test.call("POST", "/audio/transcriptions", secret, {
    ...{ model: "openai/whisper-1", input_audio: { data: bytes.toString("base64"), format }, ...fields },
  });
const usage = async (): Promise<unknown> => (await test.manage("GET", `/keys/${hash}`)).at("data", "usage");

/** A WAV file around samples of 24 kHz. */
function wav(pcm: Buffer): Buffer {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + pcm.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(24_000, 24);
  header.writeUInt32LE(48_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(pcm.length, 40);
  return Buffer.concat([header, pcm]);
}

describe("speech", () => {
  it("comes as raw samples unless MP3 is asked for, as long as the text", async () => {
    const answer = await speak("hello", { response_format: undefined });
    expect(answer.headers.get("content-type")).toBe("audio/pcm;rate=24000;channels=1");
    expect((await answer.arrayBuffer()).byteLength).toBe(5 * 0.08 * 24_000 * 2);
    const mp3 = await speak("hello");
    expect(mp3.headers.get("content-type")).toBe("audio/mpeg");
    expect(mp3.headers.get("x-generation-id")).toMatch(/^gen-tts-\d+-\w+$/);
    expect(formatOf(Buffer.from(await mp3.arrayBuffer()))).toBe("mp3");
  });

  it("is understood again", async () => {
    const text = "Aaaah! Zürich, 5 o'clock: 你好, 112233 — \u{1F600}";
    const heard = await transcribe(await spoken(text), "mp3");
    expect(heard.at("text")).toBe(text);
    const pcm = await spoken(text, { response_format: "pcm" });
    expect((await transcribe(wav(pcm), "wav", { language: "de" })).at("text")).toBe(text);
  });

  it("costs by the character, which only its own key can look up", async () => {
    const answer = await speak("0123456789");
    expect(await usage()).toBe(0.000006);
    const path = `/generation?id=${answer.headers.get("x-generation-id")}`;
    expect((await test.call("GET", path, secret)).at("data", "total_cost")).toBe(0.000006);
    const stranger = await test.createKey();
    expect((await test.call("GET", path, stranger.secret)).status).toBe(404);
  });

  it.each([
    ["an unknown model", { model: "openai/gpt-5-mini" }],
    ["an unknown voice", { voice: "gollum" }],
    ["another format", { response_format: "ogg" }],
    ["no text", { input: "" }],
    ["a long text", { input: "x".repeat(4_097) }],
  ])("refuses %s", async (_what, fields) => {
    expect((await speak("hello", fields)).status).toBe(400);
    expect(await usage()).toBe(0);
  });
});

describe("a transcription", () => {
  it("of a sound that is no speech of the stand-in tells its length", async () => {
    const hum = Float32Array.from({ length: 72_000 }, (_, index) => 0.2 * Math.sin(index / 20));
    const answer = await transcribe(wav(toPcm(hum)), "wav");
    expect(answer.at("text")).toBe("[speech of 3 seconds]");
    expect(answer.at("usage")).toEqual({ seconds: 3, cost: 0.0003 });
    expect(await usage()).toBe(0.0003);
  });

  it.each([
    ["another format than it says", "mp3", wav(Buffer.alloc(4_800))],
    ["no audio", "wav", Buffer.from("Dear Sir or Madam")],
    ["nothing but a beginning", "m4a", Buffer.from("\0\0\0\x20ftypM4A isom", "latin1")],
  ])("refuses %s, free of charge", async (_what, format, bytes) => {
    expect((await transcribe(bytes, format)).status).toBe(400);
    expect(await usage()).toBe(0);
  });

  it("needs a model that hears, and a short name of the language", async () => {
    const bytes = wav(Buffer.alloc(4_800));
    expect((await transcribe(bytes, "wav", { model: "anthropic/claude-haiku-4.5" })).status).toBe(400);
    expect((await transcribe(bytes, "wav", { language: "german" })).status).toBe(400);
  });
});

describe("both", () => {
  it("are for keys with money", async () => {
    expect((await speak("hello", {}, "sk-or-v1-nobody")).status).toBe(401);
    expect((await speak("hello", {}, test.double.managementKey)).status).toBe(403);
    const poor = await test.createKey({ limit: 0 });
    expect((await speak("hello", {}, poor.secret)).status).toBe(403);
    await test.set({ keyLimitStatus: 402 });
    expect((await speak("hello", {}, poor.secret)).status).toBe(402);
    await test.set({ totalCreditsUsd: 0 });
    const refused = await transcribe(wav(Buffer.alloc(4_800)), "wav");
    expect(refused.status).toBe(402);
    expect(refused.at("error", "message")).toContain("Insufficient credits");
  });

  it("answer without ffmpeg too: silence of the right length, and a guess", async () => {
    const path = process.env.PATH;
    process.env.PATH = "/nonexistent";
    try {
      const mp3 = await spoken("x".repeat(100));
      expect((await transcribe(mp3, "mp3")).at("text")).toBe("[speech of 8 seconds]");
      process.env.PATH = path;
      const sound = decode(mp3);
      if (sound === undefined || sound === "broken") throw new Error("the silence is no MP3");
      expect(sound.length / HEARING_RATE_HZ).toBeCloseTo(8, 0);
      expect(sound.every((sample) => Math.abs(sample) < 0.001)).toBe(true);
    } finally {
      process.env.PATH = path;
    }
  });
});

it("tones are heard wherever they begin, and in noise", () => {
  const text = "Any text at all.";
  const sound = say(text, HEARING_RATE_HZ);
  for (const offset of [0, 13, 57, 333]) {
    const moved = new Float32Array(sound.length + offset);
    for (let index = 0; index < moved.length; index += 1) {
      moved[index] = 0.02 * Math.sin(index * index) + (sound[index - offset] ?? 0);
    }
    expect(hear(moved)).toBe(text);
  }
});
