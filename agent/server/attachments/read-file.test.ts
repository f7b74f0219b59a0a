import { encryptAttachment } from "@xmtp/node-sdk";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FILE_MAX_BYTES, IMAGE_MAX_BYTES, TEXT_MAX_CHARS } from "./limits.ts";
import type { SentFile } from "./sent-file.ts";
import { png } from "./testing/documents.ts";
import { type FileServer, startFileServer } from "./testing/file-server.ts";
import { openReader } from "./testing/open-reader.ts";

const NEVER = new AbortController().signal;
let server: FileServer;
let kit: Awaited<ReturnType<typeof openReader>>;
const stored = new Map<string, Uint8Array>();

beforeAll(async () => {
  server = await startFileServer((request, response) => {
    const body = stored.get(request.url ?? "");
    if (body === undefined) response.writeHead(404).end();
    else response.end(body);
  });
  kit = await openReader([server.origin]);
});
afterAll(async () => {
  await kit.close();
  await server.close();
});

/** Seals, stores and names a file as a person's app does. */
function remote(content: Uint8Array, filename = "file.txt"): Extract<SentFile, { kind: "remote" }> {
  const { payload, ...sealed } = encryptAttachment({ filename, mimeType: "", content });
  const path = `/${stored.size}`;
  stored.set(path, payload);
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  return {
    kind: "remote",
    filename,
    url: server.origin + path,
    contentDigest: sealed.contentDigest,
    secret: hex(sealed.secret),
    salt: hex(sealed.salt),
    nonce: hex(sealed.nonce),
    contentLength: payload.length,
  };
}

describe("a remote file", () => {
  it("is downloaded, opened and read", async () => {
    expect(await kit.reader.read(remote(Buffer.from("High tide at nine.")), NEVER)).toEqual({
      kind: "text",
      filename: "file.txt",
      text: "High tide at nine.",
      isCut: false,
    });
  });

  it("has the name inside when the message gives none, and one plain line in any case", async () => {
    const nameless = { ...remote(Buffer.from("x"), "in\nside\u202E.txt"), filename: null };
    expect((await kit.reader.read(nameless, NEVER)).filename).toBe("in side .txt");
  });

  it.each([
    ["wrong-key", { secret: "00".repeat(32) }],
    ["wrong-digest", { contentDigest: "00".repeat(32) }],
    ["too-large", { contentLength: FILE_MAX_BYTES + 1 }],
    ["not-https", { url: "http://1.1.1.1/file" }],
    ["private-address", { url: "https://10.0.0.1/file" }],
  ])("with a fault is told apart: %s", async (problem, fault) => {
    const reading = await kit.reader.read({ ...remote(Buffer.from("x")), ...fault }, NEVER);
    expect(reading).toEqual({ kind: "unreadable", filename: "file.txt", problem });
  });

  it("that is not there any more is unreachable", async () => {
    const gone = { ...remote(Buffer.from("x")), url: `${server.origin}/gone` };
    expect(await kit.reader.read(gone, NEVER)).toMatchObject({ problem: "unreachable" });
  });

  it("that is larger than declared is refused, and takes no more memory than its limit", async () => {
    const large = remote(Buffer.alloc(FILE_MAX_BYTES + 1));
    const before = process.memoryUsage().rss;
    const reading = await kit.reader.read({ ...large, contentLength: 100 }, NEVER);
    expect(reading).toMatchObject({ problem: "too-large" });
    expect(process.memoryUsage().rss - before).toBeLessThan(3 * FILE_MAX_BYTES);
  });

  it("leaves nothing in the log but why it could not be read", async () => {
    const before = kit.logged.length;
    const secret = remote(Buffer.from("secret words"), "secret-name.txt");
    await kit.reader.read({ ...secret, secret: "00".repeat(32) }, NEVER);
    expect(kit.logged.slice(before)).toEqual([{ problem: "wrong-key", cause: "Error" }]);
  });
});

describe("pictures", () => {
  it("are handed on as they are, by what they are and not by their name", async () => {
    const picture = png(640, 480);
    expect(await kit.readInline(picture, "holiday.pdf", "application/pdf")).toEqual({
      kind: "image",
      filename: "holiday.pdf",
      mimeType: "image/png",
      bytes: picture,
    });
  });

  it("that nobody can hold are not", async () => {
    expect(await kit.problemOf(png(60_000, 60_000), "a.png")).toBe("too-large");
    expect(await kit.problemOf(Buffer.concat([png(1, 1), Buffer.alloc(IMAGE_MAX_BYTES)]), "a.png")).toBe(
      "too-large",
    );
    expect(await kit.problemOf(png(10, 10).subarray(0, 33), "a.png")).toBe("damaged");
  });
});

describe("text", () => {
  it.each([
    ["notes.md", "# Trip\n- tent\n- stove"],
    ["data.csv", "name,age\nAda,36"],
    ["data.json", '{"tide":[9,21]}'],
    ["icon.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"],
    ["code.png", "export const x = 1;"],
    ["noname.mp3", "This only claims to be a song."],
  ])("%s is read", async (filename, text) => {
    expect(await kit.readInline(Buffer.from(text), filename)).toEqual({
      kind: "text",
      filename,
      text,
      isCut: false,
    });
  });

  it("is cut where it is too long", async () => {
    const reading = await kit.readInline(Buffer.from("word ".repeat(2_000_000)));
    expect(reading).toMatchObject({ kind: "text", isCut: true });
    expect(reading.kind === "text" && reading.text.length).toBe(TEXT_MAX_CHARS);
  });
});

describe("what cannot be read", () => {
  it.each([
    ["nothing", Buffer.alloc(0), "empty"],
    ["white space", Buffer.from(" \n\t "), "empty"],
    ["a song", Buffer.from("ID3\x04\0\0"), "audio"],
    ["a film", Buffer.from("\0\0\0\x1cftypisom\0\0"), "video"],
    ["a picture of a phone", Buffer.from("\0\0\0\x1cftypheic\0\0"), "unknown-type"],
    ["bytes", Buffer.from("\x01\0\x02\0\x03"), "unknown-type"],
    ["a picture called a document", Buffer.from("\x01\0\x02\0\x03"), "unknown-type"],
    ["some archive", zipSync({ "a.txt": strToU8("hello") }), "unknown-type"],
    ["an empty archive", zipSync({}), "unknown-type"],
    ["the start of an archive", Buffer.from("PK\x03\x04rubbish"), "damaged"],
    ["the start of a PDF", Buffer.from("%PDF-1.7\nrubbish"), "damaged"],
  ])("%s", async (_, bytes, problem) => expect(await kit.problemOf(bytes, "file.docx")).toBe(problem));

  it("bytes that are called sound or film", async () => {
    expect(await kit.problemOf(Buffer.from("\x01\0\x02\0"), "a.wma")).toBe("audio");
    expect(await kit.problemOf(Buffer.from("\x01\0\x02\0"), "a", "video/x-unheard-of")).toBe("video");
  });

  it("a file that the message did not describe", async () => {
    const file = { kind: "broken", filename: "a.txt", problem: "damaged" } as const;
    expect(await kit.reader.read(file, NEVER)).toEqual({
      kind: "unreadable",
      filename: "a.txt",
      problem: "damaged",
    });
  });
});

describe("many at once", () => {
  it("are read in turn, and what is too many is told so", async () => {
    const files = Array.from({ length: 45 }, () => kit.readInline(Buffer.from("text")));
    const readings = await Promise.all(files);
    const busy = readings.filter((reading) => reading.kind === "unreadable" && reading.problem === "busy");
    expect(busy).toHaveLength(3);
    expect(readings.filter(({ kind }) => kind === "text")).toHaveLength(42);
  });
});
