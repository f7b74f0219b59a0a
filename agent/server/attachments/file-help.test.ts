import { readFile } from "node:fs/promises";
import { afterEach, expect, it } from "vitest";
import { pictureToJpeg } from "../../skills/images/index.ts";
import { OutOfCreditError } from "../../skills/kit/out-of-credit.ts";
import { openTestWorkspace, type TestWorkspace } from "../../skills/kit/testing.ts";
import { openWorkspace } from "../skills/workspace.ts";
import type { FileHelp } from "./read-file.ts";
import { openReader } from "./testing/open-reader.ts";

const NEVER = new AbortController().signal;
const IMAGES = new URL("../../skills/images/testdata/", import.meta.url);
const M4A = new URL("../../skills/voice/testdata/lena.m4a", import.meta.url);

let kit: Awaited<ReturnType<typeof openReader>>;
let workspace: TestWorkspace | undefined;
afterEach(async () => {
  await kit.close();
  await workspace?.close();
  workspace = undefined;
});

async function openWith(help: FileHelp): Promise<void> {
  kit = await openReader([], help);
}

it("keeps each file under its name, plain, and says where", async () => {
  workspace = openTestWorkspace();
  const { dir } = workspace;
  await openWith({
    keep: (filename, bytes, signal) =>
      openWorkspace({ dir, signal }).write(`received/${filename || "file"}`, bytes),
  });
  const text = Buffer.from("High tide at nine.");
  expect(await kit.readInline(text, "tide\u202E.txt")).toMatchObject({ path: "received/tide .txt" });
  expect(await kit.readInline(text, "tide .txt")).toMatchObject({ path: "received/tide -2.txt" });
  expect(await kit.readInline(text, null)).toMatchObject({ path: "received/file" });
  expect(await readFile(`${dir}/received/tide -2.txt`)).toEqual(text);
});

it("keeps what it cannot read, but nothing that is empty", async () => {
  const kept: string[] = [];
  await openWith({
    keep: async (filename) => {
      kept.push(filename);
      return `received/${filename}`;
    },
  });
  expect(await kit.readInline(Buffer.from([0, 1, 2, 0xff]), "x.bin")).toEqual({
    ...{ kind: "unreadable", filename: "x.bin", path: "received/x.bin", problem: "unknown-type" },
  });
  expect(await kit.readInline(Buffer.alloc(0), "none.txt")).toMatchObject({ problem: "empty" });
  expect(kept).toEqual(["x.bin"]);
});

it("reads what cannot be kept, and logs nothing of either", async () => {
  await openWith({ keep: () => Promise.reject(new Error("no space for secret.txt")) });
  expect(await kit.readInline(Buffer.from("Words"), "secret.txt")).toEqual({
    ...{ kind: "text", filename: "secret.txt", text: "Words", isCut: false },
  });
  expect(JSON.stringify(kit.logged)).not.toMatch(/secret|Words/);
  expect(kit.logged).toHaveLength(1);
});

it("makes a picture of a phone's picture", async () => {
  workspace = openTestWorkspace();
  const { sandbox } = workspace;
  await openWith({ toJpeg: (bytes, signal) => pictureToJpeg(sandbox, bytes, signal) });
  const reading = await kit.readInline(await readFile(new URL("pug.heic", IMAGES)), "IMG_1.HEIC");
  if (reading.kind !== "image") throw new Error(JSON.stringify(reading));
  expect(reading.mimeType).toBe("image/jpeg");
  expect([...reading.bytes.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
  const broken = await kit.readInline(await readFile(new URL("corrupted.heic", IMAGES)), "x.heic");
  expect(broken).toMatchObject({ kind: "unreadable", problem: "damaged" });
}, 30_000);

it("hears a voice note", async () => {
  const heard: unknown[] = [];
  await openWith({
    transcribe: async ({ bytes, ...named }) => {
      heard.push([bytes.length, named]);
      return { text: "Book a table.", seconds: 3 };
    },
  });
  const audio = await readFile(M4A);
  expect(await kit.readInline(audio, "note.m4a", "audio/mp4")).toEqual({
    ...{ kind: "speech", filename: "note.m4a", text: "Book a table.", seconds: 3 },
  });
  expect(heard).toEqual([[audio.length, { filename: "note.m4a", mimeType: "audio/mp4" }]]);
});

it.each([
  ["a fault", new Error("the words of a note")],
  ["no credit", new OutOfCreditError()],
])("says that it has not heard after %s", async (_, error) => {
  await openWith({ transcribe: () => Promise.reject(error) });
  expect(await kit.readInline(await readFile(M4A), "note.m4a")).toMatchObject({ problem: "not-heard" });
  expect(JSON.stringify(kit.logged)).not.toContain("words");
});

it("says what it cannot do without help", async () => {
  await openWith({});
  expect(await kit.readInline(await readFile(M4A), "note.m4a")).toMatchObject({ problem: "audio" });
  const heic = await readFile(new URL("pug.heic", IMAGES));
  expect(await kit.readInline(heic, "x.heic")).toMatchObject({ problem: "unknown-type" });
});

it("ends with whoever waits for it", async () => {
  let begun = Promise.withResolvers<void>();
  await openWith({
    transcribe: (_, signal) =>
      new Promise((__, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        begun.resolve();
      }),
  });
  const bytes = (await readFile(M4A)).toString("base64");
  const note = { kind: "inline", filename: "a.m4a", mimeType: "", bytes } as const;
  const waiting = new AbortController();
  const reading = kit.reader.read(note, waiting.signal);
  await begun.promise;
  waiting.abort(new Error("gone"));
  await expect(reading).rejects.toThrow("gone");
  begun = Promise.withResolvers();
  const closed = kit.reader.read(note, NEVER);
  await begun.promise;
  await Promise.all([kit.reader.close(), expect(closed).rejects.toThrow("closed")]);
});
