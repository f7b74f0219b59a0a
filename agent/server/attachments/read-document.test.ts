import { readFile } from "node:fs/promises";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docx, paragraph, pdf, streamObject, textCell, xlsx, zerosZip } from "./testing/documents.ts";
import { openReader } from "./testing/open-reader.ts";

const MEGABYTE = 1024 * 1024;
let kit: Awaited<ReturnType<typeof openReader>>;
beforeAll(async () => {
  kit = await openReader();
});
afterAll(() => kit.close());

describe("PDF", () => {
  it("is read page by page", async () => {
    const text = await kit.textOf(pdf(["Tides of May", "and of June"]));
    expect(text).toBe("[Page 1 of 2]\nTides of May\n\n[Page 2 of 2]\nand of June");
  });

  it("ends at a number of pages", async () => {
    const reading = await kit.readInline(pdf(Array.from({ length: 250 }, () => "A line")));
    expect(reading).toMatchObject({ kind: "text", isCut: true });
    expect(reading.kind === "text" && reading.text).toContain("[Page 200 of 250]\nA line");
    expect(reading.kind === "text" && reading.text).not.toContain("Page 201");
  });

  it("without text is told to be that", async () => expect(await kit.problemOf(pdf([""]))).toBe("no-text"));

  it("with a password is told to be that", async () => {
    const key = "A".repeat(32);
    const lock = `/Encrypt<</Filter/Standard/V 1/R 2/O(${key})/U(${key})/P -4>>/ID[(ab)(ab)]`;
    expect(await kit.problemOf(pdf(["secret"], lock))).toBe("encrypted");
  });

  it("that is cut is read as far as it goes, or told to be damaged", async () => {
    const whole = pdf(["Tides of May", "and of June"]);
    expect(await kit.textOf(whole.subarray(0, whole.lastIndexOf("xref\n")))).toContain("Tides of May");
    expect(await kit.problemOf(whole.subarray(0, 30))).toBe("damaged");
  });

  it("that unfolds to more than there is room for ends its process and not ours", async () => {
    const bomb = deflateSync(Buffer.alloc(200 * MEGABYTE, "BT /F1 12 Tf (x) Tj ET "));
    const before = process.memoryUsage().rss;
    const document = pdf([""], "", streamObject("/Filter/FlateDecode", bomb));
    expect(document.length).toBeLessThan(4 * MEGABYTE);
    expect(await kit.problemOf(document)).toBe("expands-too-much");
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * MEGABYTE);
  });
});

describe("DOCX", () => {
  it("is read paragraph by paragraph, whatever it is called", async () => {
    const document = docx(paragraph("Packing list") + paragraph("Tent &amp; stove"));
    expect(await kit.textOf(document, "list.pdf")).toBe("Packing list\nTent & stove");
  });

  it("as real programs write it is read", async () => {
    const data = new URL("test/test-data/", import.meta.resolve("mammoth/package.json"));
    expect(await kit.textOf(await readFile(new URL("single-paragraph.docx", data)))).toBe(
      "Walking on imported air",
    );
    expect(await kit.textOf(await readFile(new URL("tables.docx", data)))).toBe(
      "Above\nTop left\tTop right\nBottom left\tBottom right\nBelow",
    );
    expect(await kit.textOf(await readFile(new URL("simple-list.docx", data)))).toBe("- Apple\n- Banana");
    expect(await kit.textOf(await readFile(new URL("footnotes.docx", data)))).toContain(
      "A tachyon walks into a bar",
    );
    expect(await kit.problemOf(await readFile(new URL("empty.docx", data)))).toBe("no-text");
  });

  it("with large pictures is read without them", async () => {
    const picture = Buffer.from(Array.from({ length: MEGABYTE }, (_, at) => (at * 7919) % 251));
    const document = docx(paragraph("Look"), { more: { "word/media/image1.jpeg": [picture, { level: 0 }] } });
    expect(await kit.textOf(document)).toBe("Look");
  });

  it("that is cut is damaged", async () => {
    const whole = docx(paragraph("Packing list"));
    expect(await kit.problemOf(whole.subarray(0, whole.length / 2))).toBe("damaged");
  });

  it("with a password is told to be that, and a document of the last century to be unknown", async () => {
    const container = Buffer.from("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0", "latin1");
    const locked = Buffer.concat([container, Buffer.from("EncryptedPackage", "utf16le")]);
    expect(await kit.problemOf(locked, "list.docx")).toBe("encrypted");
    expect(await kit.problemOf(container, "list.doc")).toBe("unknown-type");
  });

  it("does not unfold entities of entities", async () => {
    const laughs = Array.from({ length: 12 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`);
    const prolog = `<!DOCTYPE d [<!ENTITY l0 "lol">${laughs.join("")}]>`;
    const document = docx(paragraph("before &l12; after"), { prolog });
    const reading = await kit.readInline(document);
    expect(reading).toMatchObject({ kind: "unreadable", problem: "damaged" });
  });

  it("does not read files that it names", async () => {
    const prolog = `<!DOCTYPE d [<!ENTITY file SYSTEM "file:///etc/passwd">]>`;
    expect(JSON.stringify(await kit.readInline(docx(paragraph("x &file; y"), { prolog })))).not.toContain(
      "root:",
    );
  });
});

describe("XLSX", () => {
  it("is read sheet by sheet, row by row", async () => {
    const rows = `<row r="1">${textCell("A1", "Item")}${textCell("B1", "Due")}</row><row r="2">${textCell("A2", "Tent")}<c r="B2" s="1"><v>45000</v></c><c r="C2"><v>12.5</v></c></row>`;
    const book = xlsx({ Costs: rows, "Empty one": "", Notes: `<row r="3">${textCell("B3", "a\n b")}</row>` });
    expect(await kit.textOf(book)).toBe(
      "[Sheet: Costs]\nItem\tDue\nTent\t2023-03-15\t12.5\n\n[Sheet: Empty one]\n\n[Sheet: Notes]\n\ta b",
    );
  });

  it("ends at a number of rows", async () => {
    const rows = Array.from(
      { length: 1_200 },
      (_, at) => `<row r="${at + 1}"><c r="A${at + 1}"><v>${at}</v></c></row>`,
    );
    const reading = await kit.readInline(xlsx({ Many: rows.join("") }));
    expect(reading).toMatchObject({ kind: "text", isCut: true });
    expect(reading.kind === "text" && reading.text.endsWith("\n999")).toBe(true);
  });

  it("without cells is told to be that", async () => {
    expect(await kit.problemOf(xlsx({ Empty: "" }))).toBe("no-text");
  });

  it("with one cell at the far end ends its process at most", async () => {
    const far = `<row r="1048576">${textCell("XFD1048576", "far")}</row>`;
    const reading = await kit.readInline(xlsx({ Far: far }));
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
      expect(await kit.problemOf(packed)).toBe("expands-too-much");
      expect(process.memoryUsage().rss - before).toBeLessThan(50 * MEGABYTE);
    },
  );

  it("a part within the limit that is nothing but repetition is not unfolded", async () => {
    expect(await kit.problemOf(zerosZip(["word/document.xml"], 40 * MEGABYTE))).toBe("expands-too-much");
  });

  it("many parts that are small each are not unfolded", async () => {
    const names = Array.from({ length: 100 }, (_, at) => `word/${at}.xml`);
    expect(await kit.problemOf(zerosZip(names, 900 * 1024))).toBe("expands-too-much");
  });

  it("more parts than any document has are not looked at", async () => {
    const names = Array.from({ length: 6_000 }, (_, at) => `word/${at}.xml`);
    expect(await kit.problemOf(zerosZip(names, 1))).toBe("expands-too-much");
  });

  it("a part that is larger than it says does not become so", async () => {
    expect(await kit.problemOf(zerosZip(["word/document.xml"], 200 * MEGABYTE, 100))).toBe("damaged");
  });

  it("an archive in an archive stays closed", async () => {
    const inner = zerosZip(["a.xml"], 50 * MEGABYTE);
    expect(await kit.textOf(docx(paragraph("outer"), { more: { "word/inner.zip": inner } }))).toBe("outer");
  });
});
