import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { say } from "../../../infra/local/doubles/openrouter/audio-tones.ts";
import { OutOfCreditError } from "../kit/out-of-credit.ts";
import { createKey, ffmpeg, openVoiceTest, sample, type VoiceTest } from "./testing/voice-test.ts";

let voice: VoiceTest;
beforeEach(async () => {
  voice = await openVoiceTest();
});
afterEach(() => voice.close());

const transcribe = (path: string, params: object = {}): Promise<string> =>
  voice.use("audio_transcribe", { path, ...params });

/** A WAV file in which the stand-in says something, with silence between. */
function spoken(texts: readonly string[], silenceSeconds = 0): Buffer {
  const silence = Buffer.alloc(silenceSeconds * 16_000 * 4);
  const sounds = texts.flatMap((text) => [silence, Buffer.from(say(text, 16_000).buffer)]).slice(1);
  const raw = ["-f", "f32le", "-ar", "16000", "-ac", "1", "-i", "pipe:0"];
  return ffmpeg([...raw, "-f", "wav", "pipe:1"], Buffer.concat(sounds));
}

describe("recordings of others", () => {
  it.each([
    ["jfk.mp3", 11],
    ["jfk.wav", 11],
    ["lena.m4a", 12],
    ["lena.opus", 12],
  ])("%s goes to the provider as it is", async (name, seconds) => {
    expect(await transcribe(voice.put(name), { language: "en" })).toMatch(
      new RegExp(`^${seconds} s of sound, cost USD 0\\.001\\d\\.\\n\\n\\[speech of ${seconds} seconds\\]$`),
    );
    expect(voice.billedUsd()).toBeGreaterThan(0.001);
  });

  it.each(["aiff", "caf", "webm", "ac3-in.avi", "mkv", "mulaw.wav"])(
    "is converted from %s",
    async (ending) => {
      const path = `converted.${ending}`;
      const codec = ending === "mulaw.wav" ? ["-c:a", "pcm_mulaw"] : [];
      voice.put("jfk.wav");
      ffmpeg(["-i", join(voice.dir, "jfk.wav"), ...codec, join(voice.dir, path)]);
      expect(await transcribe(path)).toContain("[speech of 11 seconds]");
    },
  );

  it("may be in a language with a region, of which the provider takes the first part", async () => {
    expect(await transcribe(voice.put("jfk.mp3"), { language: "de-CH" })).toContain("[speech of");
    await expect(transcribe("jfk.mp3", { language: "German" })).rejects.toThrow(/^language: /);
  });

  it("is taken out of a video", async () => {
    const words = "This is said in a film.";
    voice.put("words.wav", spoken([words]));
    const picture = ["-f", "lavfi", "-i", "testsrc=size=128x96:rate=5"];
    const files = ["-i", join(voice.dir, "words.wav"), "-shortest", join(voice.dir, "film.mp4")];
    ffmpeg([...picture, ...files]);
    expect(await transcribe("film.mp4")).toContain(words);
  });
});

describe("a long recording", () => {
  it("is heard in parts, with a line for each", async () => {
    const texts = ["The committee met on Tuesday.", "It decided nothing."];
    voice.put("meeting.wav", spoken(texts, 310));
    const lines: string[] = [];
    const heard = await voice.use(
      "audio_transcribe",
      { path: "meeting.wav" },
      { progress: (line) => lines.push(line) },
    );
    expect(lines).toEqual([
      "Converting the recording.",
      "Transcribed part 1 of 2.",
      "Transcribed part 2 of 2.",
    ]);
    expect(heard).toBe(`314 s of sound, cost USD 0.0315.\n\n${texts.join(" ")}`);
  }, 120_000);

  it("keeps what was heard when the credit ends in the middle, and says so", async () => {
    const key = await createKey(voice.double, 0.02);
    const poor = await openVoiceTest({ key, baseUrl: voice.double.url });
    try {
      const silence = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "400"];
      ffmpeg([...silence, join(poor.dir, "long.mp3")]);
      const heard = await poor.use("audio_transcribe", { path: "long.mp3" });
      expect(heard).toContain("Not all of it: The agent's credits are used up");
      expect(heard).toContain("from_minute 5.00.\n\n[speech of 300 seconds]");
      expect(poor.breaker.open).toBe(true);
      await expect(poor.use("audio_transcribe", { path: "long.mp3" })).rejects.toBeInstanceOf(
        OutOfCreditError,
      );
    } finally {
      await poor.close();
    }
  }, 120_000);

  it("can be gone on with", async () => {
    voice.put("meeting.wav", spoken(["x".repeat(750), "And now the end."]));
    const heard = await transcribe("meeting.wav", { from_minute: 1 });
    expect(heard).toContain("And now the end.");
    expect(heard).not.toContain("x");
    await expect(transcribe("meeting.wav", { from_minute: 2 })).rejects.toThrow("ends before");
  });

  it("puts a long transcript into a file", async () => {
    const body = { text: "word ".repeat(10_000), usage: { cost: 0.5, seconds: 3_000 } };
    voice.double.faults.add({
      match: { path: "transcriptions" },
      fault: { kind: "status", status: 200, body },
    });
    const heard = await transcribe(voice.put("jfk.mp3"));
    expect(heard).toContain("The whole text is in jfk.txt. It begins:");
    expect(heard.length).toBeLessThan(17_000);
    expect(voice.read("jfk.txt").toString()).toBe("word ".repeat(10_000).trim());
  });
});

describe("broken input is refused in a sentence and costs nothing", () => {
  const lie = Buffer.from(sample("jfk.wav"));
  // Three hours at 16 kHz, 16 bits, say the header's two lengths.
  lie.writeUInt32LE(345_600_036, 4);
  lie.writeUInt32LE(345_600_000, lie.indexOf("data") + 4);

  it.each([
    ["empty.m4a", Buffer.alloc(0), "damaged"],
    [
      "letter.mp3",
      Buffer.from("Dear Sir or Madam, this is a letter and no sound.\n".repeat(99)),
      "damaged|sound",
    ],
    ["half.m4a", sample("lena.m4a").subarray(0, 1_000), "damaged|sound"],
    ["random.ogg", createHash("sha512").update("noise").digest(), "damaged"],
    ["list.m3u8", Buffer.from("#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"), "damaged"],
    ["list.wav", Buffer.from("ffconcat version 1.0\nfile '/etc/hostname'\n"), "damaged"],
    ["page.wav", Buffer.from("<html><body>404</body></html>"), "damaged"],
  ])("%s", async (name, content, reason) => {
    await expect(transcribe(voice.put(name, content))).rejects.toThrow(new RegExp(reason));
    expect(voice.billedUsd()).toBe(0);
  });

  it("a silent film", async () => {
    ffmpeg(["-f", "lavfi", "-i", "testsrc=size=128x96:rate=5", "-t", "2", join(voice.dir, "silent.mp4")]);
    await expect(transcribe("silent.mp4")).rejects.toThrow("There is no sound in that file.");
  });

  it("a header that claims three hours is heard for what is there", async () => {
    expect(await transcribe(voice.put("lie.wav", lie))).toMatch(
      /^11 s of sound, .*\n\n\[speech of 11 seconds\]$/,
    );
  });

  it("more than an hour of silence in a small file is heard for an hour and no longer", async () => {
    const silence = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "3900"];
    ffmpeg([...silence, "-compression_level", "0", join(voice.dir, "night.flac")]);
    expect(voice.read("night.flac").length).toBeLessThan(10_000_000);
    const body = { text: "", usage: { cost: 0, seconds: 300 } };
    const match = { path: "transcriptions" };
    voice.double.faults.add({ match, fault: { kind: "status", status: 200, body }, times: 12 });
    const heard = await transcribe("night.flac");
    expect(heard).toMatch(/^3596 s of sound, .* the recording goes on\. .* from_minute 59\.94\.\nNo speech/);
  }, 120_000);

  it("a recording that was cut off is heard as far as it goes", async () => {
    const half = sample("jfk.mp3").subarray(0, 40_000);
    expect(await transcribe(voice.put("half.mp3", half))).toMatch(/\[speech of [56] seconds\]$/);
  });

  it("a path that leads out of the folder, or to nothing", async () => {
    await expect(transcribe("../../etc/hostname")).rejects.toThrow("no place");
    await expect(transcribe("missing.mp3")).rejects.toThrow("could not be processed");
  });
});

describe("the provider's moods", () => {
  it("one retry when it is overloaded", async () => {
    const match = { path: "transcriptions" };
    voice.double.faults.add({ match, fault: { kind: "429", retryAfterSeconds: 0 } });
    expect(await transcribe(voice.put("jfk.mp3"))).toContain("[speech of 11 seconds]");
    voice.double.faults.add({ match, fault: { kind: "html", status: 503 }, times: 2 });
    await expect(transcribe("jfk.mp3")).rejects.toThrow("did not answer");
    voice.double.faults.add({ match, fault: { kind: "truncatedJson" }, position: "after" });
    await expect(transcribe("jfk.mp3")).rejects.toThrow("did not answer");
  });

  it("ends with the caller", async () => {
    voice.double.faults.add({ match: { path: "transcriptions" }, fault: { kind: "hang" } });
    voice.put("jfk.mp3");
    const signal = AbortSignal.timeout(500);
    await expect(voice.use("audio_transcribe", { path: "jfk.mp3" }, { signal })).rejects.toThrow(/timeout/);
  });
});
