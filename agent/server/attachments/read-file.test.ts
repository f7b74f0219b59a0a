import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { encryptAttachment } from "@xmtp/node-sdk";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LogFields } from "../log.ts";
import { FILE_MAX_BYTES, IMAGE_MAX_BYTES, TEXT_MAX_CHARS } from "./limits.ts";
import { createFileReader, type FileReader, type FileReading } from "./read-file.ts";
import type { SentFile } from "./sent-file.ts";
import { docx, paragraph, pdf, png, streamObject, textCell, xlsx, zerosZip } from "./testing/documents.ts";
import { type FileServer, startFileServer } from "./testing/file-server.ts";

const NEVER = new AbortController().signal;
const MEGABYTE = 1024 * 1024;
const logged: LogFields[] = [];
let tmpDir: string;
let server: FileServer;
let reader: FileReader;
const stored = new Map<string, Uint8Array>();

beforeAll(async () => {
  tmpDir = await mkdtemp(join(tmpdir(), "file-reader-"));
  server = await startFileServer((request, response) => {
    const body = stored.get(request.url ?? "");
    if (body === undefined) response.writeHead(404).end();
    else response.end(body);
  });
  reader = createFileReader({
    tmpDir,
    allowedOrigins: [server.origin],
    log: (_, fields = {}) => void logged.push(fields),
  });
});
afterAll(async () => {
  await reader.close();
  await server.close();
  expect(await readdir(tmpDir)).toEqual([]);
  await rm(tmpDir, { recursive: true });
});

const readInline = (
  bytes: Uint8Array,
  filename: string | null = "file",
  mimeType = "",
): Promise<FileReading> =>
  reader.read({ kind: "inline", filename, mimeType, bytes: Buffer.from(bytes).toString("base64") }, NEVER);
const textOf = async (bytes: Uint8Array, filename?: string): Promise<string> => {
  const reading = await readInline(bytes, filename);
  return reading.kind === "text" ? reading.text : JSON.stringify(reading);
};
const problemOf = async (bytes: Uint8Array, filename?: string, mimeType?: string): Promise<string> => {
  const reading = await readInline(bytes, filename, mimeType);
  return reading.kind === "unreadable" ? reading.problem : JSON.stringify(reading).slice(0, 500);
};

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
    expect(await reader.read(remote(Buffer.from("High tide at nine.")), NEVER)).toEqual({
      kind: "text",
      filename: "file.txt",
      text: "High tide at nine.",
      isCut: false,
    });
  });

  it("has the name inside when the message gives none, and one plain line in any case", async () => {
    const nameless = { ...remote(Buffer.from("x"), "in\nside\u202E.txt"), filename: null };
    expect((await reader.read(nameless, NEVER)).filename).toBe("in side .txt");
  });

  it.each([
    ["wrong-key", { secret: "00".repeat(32) }],
    ["wrong-digest", { contentDigest: "00".repeat(32) }],
    ["too-large", { contentLength: FILE_MAX_BYTES + 1 }],
    ["not-https", { url: "http://1.1.1.1/file" }],
    ["private-address", { url: "https://10.0.0.1/file" }],
  ])("with a fault is told apart: %s", async (problem, fault) => {
    const reading = await reader.read({ ...remote(Buffer.from("x")), ...fault }, NEVER);
    expect(reading).toEqual({ kind: "unreadable", filename: "file.txt", problem });
  });

  it("that is not there any more is unreachable", async () => {
    const gone = { ...remote(Buffer.from("x")), url: `${server.origin}/gone` };
    expect(await reader.read(gone, NEVER)).toMatchObject({ problem: "unreachable" });
  });

  it("that is larger than declared is refused, and takes no more memory than its limit", async () => {
    const large = remote(Buffer.alloc(FILE_MAX_BYTES + 1));
    const before = process.memoryUsage().rss;
    const reading = await reader.read({ ...large, contentLength: 100 }, NEVER);
    expect(reading).toMatchObject({ problem: "too-large" });
    expect(process.memoryUsage().rss - before).toBeLessThan(3 * FILE_MAX_BYTES);
  });

  it("leaves nothing in the log but why it could not be read", async () => {
    const before = logged.length;
    const secret = remote(Buffer.from("secret words"), "secret-name.txt");
    await reader.read({ ...secret, secret: "00".repeat(32) }, NEVER);
    expect(logged.slice(before)).toEqual([{ problem: "wrong-key", cause: "Error" }]);
  });
});

describe("pictures", () => {
  it("are handed on as they are, by what they are and not by their name", async () => {
    const picture = png(640, 480);
    expect(await readInline(picture, "holiday.pdf", "application/pdf")).toEqual({
      kind: "image",
      filename: "holiday.pdf",
      mimeType: "image/png",
      bytes: picture,
    });
  });

  it("that nobody can hold are not", async () => {
    expect(await problemOf(png(60_000, 60_000), "a.png")).toBe("too-large");
    expect(await problemOf(Buffer.concat([png(1, 1), Buffer.alloc(IMAGE_MAX_BYTES)]), "a.png")).toBe(
      "too-large",
    );
    expect(await problemOf(png(10, 10).subarray(0, 33), "a.png")).toBe("damaged");
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
    expect(await readInline(Buffer.from(text), filename)).toEqual({
      kind: "text",
      filename,
      text,
      isCut: false,
    });
  });

  it("is cut where it is too long", async () => {
    const reading = await readInline(Buffer.from("word ".repeat(2_000_000)));
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
  ])("%s", async (_, bytes, problem) => expect(await problemOf(bytes, "file.docx")).toBe(problem));

  it("bytes that are called sound or film", async () => {
    expect(await problemOf(Buffer.from("\x01\0\x02\0"), "a.wma")).toBe("audio");
    expect(await problemOf(Buffer.from("\x01\0\x02\0"), "a", "video/x-unheard-of")).toBe("video");
  });

  it("a file that the message did not describe", async () => {
    const file = { kind: "broken", filename: "a.txt", problem: "damaged" } as const;
    expect(await reader.read(file, NEVER)).toEqual({
      kind: "unreadable",
      filename: "a.txt",
      problem: "damaged",
    });
  });
});

describe("PDF", () => {
  it("is read page by page", async () => {
    const text = await textOf(pdf(["Tides of May", "and of June"]));
    expect(text).toBe("[Page 1 of 2]\nTides of May\n\n[Page 2 of 2]\nand of June");
  });

  it("ends at a number of pages", async () => {
    const reading = await readInline(pdf(Array.from({ length: 250 }, () => "A line")));
    expect(reading).toMatchObject({ kind: "text", isCut: true });
    expect(reading.kind === "text" && reading.text).toContain("[Page 200 of 250]\nA line");
    expect(reading.kind === "text" && reading.text).not.toContain("Page 201");
  });

  it("without text is told to be that", async () => expect(await problemOf(pdf([""]))).toBe("no-text"));

  it("with a password is told to be that", async () => {
    const key = "A".repeat(32);
    const lock = `/Encrypt<</Filter/Standard/V 1/R 2/O(${key})/U(${key})/P -4>>/ID[(ab)(ab)]`;
    expect(await problemOf(pdf(["secret"], lock))).toBe("encrypted");
  });

  it("that is cut is read as far as it goes, or told to be damaged", async () => {
    const whole = pdf(["Tides of May", "and of June"]);
    expect(await textOf(whole.subarray(0, whole.lastIndexOf("xref\n")))).toContain("Tides of May");
    expect(await problemOf(whole.subarray(0, 30))).toBe("damaged");
  });

  it("that unfolds to more than there is room for ends its process and not ours", async () => {
    const bomb = deflateSync(Buffer.alloc(200 * MEGABYTE, "BT /F1 12 Tf (x) Tj ET "));
    const before = process.memoryUsage().rss;
    const document = pdf([""], "", streamObject("/Filter/FlateDecode", bomb));
    expect(document.length).toBeLessThan(4 * MEGABYTE);
    expect(await problemOf(document)).toBe("expands-too-much");
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * MEGABYTE);
  });
});

describe("DOCX", () => {
  it("is read paragraph by paragraph, whatever it is called", async () => {
    const document = docx(paragraph("Packing list") + paragraph("Tent &amp; stove"));
    expect(await textOf(document, "list.pdf")).toBe("Packing list\nTent & stove");
  });

  it("as real programs write it is read", async () => {
    const data = new URL("test/test-data/", import.meta.resolve("mammoth/package.json"));
    expect(await textOf(await readFile(new URL("single-paragraph.docx", data)))).toBe(
      "Walking on imported air",
    );
    expect(await textOf(await readFile(new URL("tables.docx", data)))).toBe(
      "Above\nTop left\tTop right\nBottom left\tBottom right\nBelow",
    );
    expect(await textOf(await readFile(new URL("simple-list.docx", data)))).toBe("- Apple\n- Banana");
    expect(await textOf(await readFile(new URL("footnotes.docx", data)))).toContain(
      "A tachyon walks into a bar",
    );
    expect(await problemOf(await readFile(new URL("empty.docx", data)))).toBe("no-text");
  });

  it("with large pictures is read without them", async () => {
    const picture = Buffer.from(Array.from({ length: MEGABYTE }, (_, at) => (at * 7919) % 251));
    const document = docx(paragraph("Look"), { more: { "word/media/image1.jpeg": [picture, { level: 0 }] } });
    expect(await textOf(document)).toBe("Look");
  });

  it("that is cut is damaged", async () => {
    const whole = docx(paragraph("Packing list"));
    expect(await problemOf(whole.subarray(0, whole.length / 2))).toBe("damaged");
  });

  it("with a password is told to be that, and a document of the last century to be unknown", async () => {
    const container = Buffer.from("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0", "latin1");
    const locked = Buffer.concat([container, Buffer.from("EncryptedPackage", "utf16le")]);
    expect(await problemOf(locked, "list.docx")).toBe("encrypted");
    expect(await problemOf(container, "list.doc")).toBe("unknown-type");
  });

  it("does not unfold entities of entities", async () => {
    const laughs = Array.from({ length: 12 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`);
    const prolog = `<!DOCTYPE d [<!ENTITY l0 "lol">${laughs.join("")}]>`;
    const document = docx(paragraph("before &l12; after"), { prolog });
    const reading = await readInline(document);
    expect(reading.kind === "text" ? reading.text.length : 0).toBeLessThan(1_000);
    expect(["text", "unreadable"]).toContain(reading.kind);
  });

  it("does not read files that it names", async () => {
    const prolog = `<!DOCTYPE d [<!ENTITY file SYSTEM "file:///etc/passwd">]>`;
    expect(JSON.stringify(await readInline(docx(paragraph("x &file; y"), { prolog })))).not.toContain(
      "root:",
    );
  });
});

describe("XLSX", () => {
  it("is read sheet by sheet, row by row", async () => {
    const rows = `<row r="1">${textCell("A1", "Item")}${textCell("B1", "Due")}</row><row r="2">${textCell("A2", "Tent")}<c r="B2" s="1"><v>45000</v></c><c r="C2"><v>12.5</v></c></row>`;
    const book = xlsx({ Costs: rows, "Empty one": "", Notes: `<row r="3">${textCell("B3", "a\n b")}</row>` });
    expect(await textOf(book)).toBe(
      "[Sheet: Costs]\nItem\tDue\nTent\t2023-03-15\t12.5\n\n[Sheet: Empty one]\n\n[Sheet: Notes]\n\ta b",
    );
  });

  it("ends at a number of rows", async () => {
    const rows = Array.from(
      { length: 1_200 },
      (_, at) => `<row r="${at + 1}"><c r="A${at + 1}"><v>${at}</v></c></row>`,
    );
    const reading = await readInline(xlsx({ Many: rows.join("") }));
    expect(reading).toMatchObject({ kind: "text", isCut: true });
    expect(reading.kind === "text" && reading.text.endsWith("\n999")).toBe(true);
  });

  it("without cells is told to be that", async () => {
    expect(await problemOf(xlsx({ Empty: "" }))).toBe("no-text");
  });

  it("with one cell at the far end ends its process at most", async () => {
    const far = `<row r="1048576">${textCell("XFD1048576", "far")}</row>`;
    const reading = await readInline(xlsx({ Far: far }));
    expect(reading).toMatchObject({ problem: "expands-too-much" });
  });
});

describe("bombs", () => {
  it.each(["word/document.xml", "xl/worksheets/sheet1.xml", "word/media/image1.png"])(
    "200 MB of zeros in %s are not unfolded",
    async (name) => {
      const packed = zerosZip([name], 200 * MEGABYTE);
      expect(packed.length).toBeLessThan(2 * MEGABYTE);
      const before = process.memoryUsage().rss;
      expect(await problemOf(packed)).toBe("expands-too-much");
      expect(process.memoryUsage().rss - before).toBeLessThan(50 * MEGABYTE);
    },
  );

  it("many parts that are small each are not unfolded", async () => {
    const names = Array.from({ length: 100 }, (_, at) => `word/${at}.xml`);
    expect(await problemOf(zerosZip(names, 900 * 1024))).toBe("expands-too-much");
  });

  it("more parts than any document has are not looked at", async () => {
    const names = Array.from({ length: 6_000 }, (_, at) => `word/${at}.xml`);
    expect(await problemOf(zerosZip(names, 1))).toBe("expands-too-much");
  });

  it("a part that is larger than it says does not become so", async () => {
    expect(await problemOf(zerosZip(["word/document.xml"], 200 * MEGABYTE, 100))).toBe("damaged");
  });

  it("an archive in an archive stays closed", async () => {
    const inner = zerosZip(["a.xml"], 50 * MEGABYTE);
    expect(await textOf(docx(paragraph("outer"), { more: { "word/inner.zip": inner } }))).toBe("outer");
  });
});

describe("many at once", () => {
  it("are read in turn, and what is too many is told so", async () => {
    const files = Array.from({ length: 45 }, () => readInline(Buffer.from("text")));
    const readings = await Promise.all(files);
    const busy = readings.filter((reading) => reading.kind === "unreadable" && reading.problem === "busy");
    expect(busy).toHaveLength(3);
    expect(readings.filter(({ kind }) => kind === "text")).toHaveLength(42);
  });
});
