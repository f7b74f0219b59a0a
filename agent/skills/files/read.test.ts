import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import { strToU8, unzipSync, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  docx,
  paragraph,
  pdf,
  streamObject,
  textCell,
  xlsx,
  zerosZip,
} from "../../server/attachments/testing/documents.ts";
import { openTestFiles, type TestFiles } from "./testing.ts";

let files: TestFiles;
beforeAll(() => {
  files = openTestFiles();
});
afterAll(() => files.close());

const read = (path: string, part?: string) =>
  files.use("file_read", part === undefined ? { path } : { path, part });
const refused = (path: string, part?: string) =>
  files.refusal("file_read", part === undefined ? { path } : { path, part });

describe("file_read", () => {
  it("reads an article as PDF, page by page within its budget", async () => {
    files.take("pdf-parse-04.pdf");
    const all = await read("pdf-parse-04.pdf");
    expect(all).toContain("[page 1 of 5]");
    expect(all).toContain("Acute effect of speed exercise on nitric oxide (NO)");
    expect(all.length).toBeLessThan(21_000);
    const second = await read("pdf-parse-04.pdf", "2-2");
    expect(second).toContain("[page 2 of 5]");
    expect(second).not.toContain("[page 3");
    expect(await refused("pdf-parse-04.pdf", "9")).toBe("There is no page 9: the file has 5.");
    expect(await refused("pdf-parse-04.pdf", "x")).toContain('like "3" or "3-10"');
  });

  it("says which page is next when there is no room for all", async () => {
    const line = "A line of some words that fills the page a little. ".repeat(20);
    await files.put("long.pdf", pdf(Array.from({ length: 300 }, (_, at) => `Number ${at + 1}. ${line}`)));
    const first = await read("long.pdf");
    const next = /\[Next: part "(\d+)-300"\]$/.exec(first)?.[1];
    expect(first.length).toBeLessThan(21_000);
    expect(await read("long.pdf", `${next}-300`)).toContain(`[page ${next} of 300]\nNumber ${next}.`);
  });

  it("reads Word documents as real programs write them", async () => {
    const data = fileURLToPath(new URL("test/test-data/", import.meta.resolve("mammoth/package.json")));
    for (const name of [
      "tables.docx",
      "footnotes.docx",
      "simple-list.docx",
      "strict-format.docx",
      "empty.docx",
    ])
      cpSync(join(data, name), join(files.dir, name));
    expect(await read("tables.docx")).toContain(
      "| Top left | Top right |\n| --- | --- |\n| Bottom left | Bottom right |",
    );
    expect(await read("footnotes.docx")).toContain("A tachyon walks into a bar");
    expect(await read("simple-list.docx")).toBe("- Apple\n- Banana");
    expect(await read("strict-format.docx")).toBe("Test");
    expect(await refused("empty.docx")).toContain("no text");
  });

  it("reads a long text by characters", async () => {
    await files.put("long.txt", "0123456789".repeat(5_000));
    expect(await read("long.txt")).toContain('[50000 characters. Next: part "20000-"]');
    expect(await read("long.txt", "49995-")).toBe("56789");
    expect(await read("long.txt", "10-15")).toContain("01234\n");
    expect(await refused("long.txt", "50000-")).toContain("the text has 50000");
  });

  it("reads a presentation: titles, lists, tables, the numbers of charts, notes", async () => {
    files.take("deck.pptx");
    const text = await read("deck.pptx");
    expect(text).toContain(
      "[slide 1 of 2]\n## Tides of May\n\n- High water\n   - at noon\n\n> Notes: Speak slowly",
    );
    expect(text).toContain("| Port | Metres |\n| --- | --- |\n| Hull | 7.5 |");
    expect(text).toContain("|  | Level |\n| --- | --- |\n| Mon | 3.5 |\n| Tue | 4.25 |");
    expect(await read("deck.pptx", "2")).not.toContain("Tides");
  });

  it("reads a workbook by sheets, rows and cells, with its formulas", async () => {
    files.take("xlsx-populate-ranges.xlsx", "ctr.xlsx");
    const text = await read("ctr.xlsx");
    expect(text).toContain("[Sheet ClickThroughRateSheet: 13 rows, columns A-D; other sheets: Sheet2]");
    expect(text).toContain("2\t\tClicks\tImpressions\tCTR");
    expect(text).toContain("[Formulas: D3=B3/C3]");
    expect(await read("ctr.xlsx", "B12:B13")).toContain("\n12\t373\n13\t254");
    expect(await read("ctr.xlsx", "ClickThroughRateSheet!13-")).toContain("\n13\t\t254\t727259");
    expect(await read("ctr.xlsx", "sheet2")).toContain("[Sheet Sheet2:");
    expect(await refused("ctr.xlsx", "Costs!1-2")).toContain('no sheet "Costs"');
    expect(await refused("ctr.xlsx", "99")).toBe("There is no row 99: the sheet has 13.");
  });

  it("reads CSV of any delimiter, HTML without scripts, and text in other encodings", async () => {
    await files.put("a.csv", '\ufeffName;Note\r\nZoë;"one; two\nthree"\r\n');
    expect(await read("a.csv")).toContain("1\tName\tNote\n2\tZoë\tone; two three");
    const page =
      '<!doctype html><title>T</title><script>alert(1)</script><h1>Hi</h1><p>A <b>bold</b>  <a href="https://example.org/">link</a> and <a href="javascript:x()">none</a><ul><li>x<ol><li>y</ol></ul><table><tr><th>a<th>b<tr><td>1<td>2</table>';
    await files.put("a.html", page);
    const html = await read("a.html");
    expect(html).toContain("# Hi\n\nA **bold** [link](https://example.org/) and none\n\n- x\n   1. y");
    expect(html).toContain("| a | b |\n| --- | --- |\n| 1 | 2 |");
    expect(html).not.toContain("alert");
    await files.put("w.txt", Buffer.from("Caf\xe9", "latin1"));
    expect(await read("w.txt")).toBe("Café");
  });
});

describe("a bad file", () => {
  it.each([
    ["pdf-parse-03.pdf", "damaged or incomplete"],
    ["locked.pdf", "protected with a password"],
    ["xlsx-populate-encrypted.xlsx", "protected with a password"],
  ])("%s is told by a sentence", async (name, sentence) => {
    files.take(name);
    expect(await refused(name)).toContain(sentence);
  });

  it("of other kinds too", async () => {
    const whole = docx(paragraph("Packing list"));
    await files.put("cut.docx", whole.subarray(0, whole.length / 2));
    await files.put("empty.pdf", "");
    await files.put("old.doc", Buffer.from("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0", "latin1"));
    await files.put("noise.bin", Buffer.from(Array.from({ length: 5_000 }, (_, at) => (at * 7919) % 251)));
    await files.put("pack.zip", zipSync({ "a.txt": strToU8("a") }));
    await files.put("scan.pdf", pdf([""]));
    await files.put("picture.docx", Buffer.from("\x89PNG\r\n\x1a\n0000", "latin1"));
    await files.put("big.txt", Buffer.alloc(26 * 1024 * 1024, 0x61));
    for (const [path, sentence] of [
      ["cut.docx", "damaged or incomplete"],
      ["empty.pdf", "The file is empty."],
      ["old.doc", "before 2007"],
      ["noise.bin", "not known here"],
      ["pack.zip", "It is an archive"],
      ["scan.pdf", "no text in the file"],
      ["picture.docx", "This is a picture"],
      ["big.txt", "too large: 25 MB at most"],
      ["gone.txt", "There is no file at gone.txt."],
      ["/etc/passwd", "no place"],
    ] as const)
      expect(await refused(path)).toContain(sentence);
  });

  it("with another ending than its content is read by its content", async () => {
    await files.put("list.pdf", docx(paragraph("Packing list")));
    expect(await read("list.pdf")).toBe(
      "[By its content this is DOCX, whatever its name says.]\nPacking list",
    );
  });

  it("with macros is read, and nothing of them is run", async () => {
    await files.put("m.docm", docx(paragraph("Hello"), { more: { "word/vbaProject.bin": strToU8("code") } }));
    expect(await read("m.docm")).toBe(
      "[It holds macros: they were left out and nothing of them was run.]\nHello",
    );
    const book = unzipSync(xlsx({ S: `<row r="1">${textCell("A1", "x")}</row>` }));
    await files.put("m.xlsm", zipSync({ ...book, "xl/vbaProject.bin": strToU8("code") }));
    const made = await files.use("file_convert", { path: "m.xlsm", to: "csv" });
    expect(made).toContain("It holds macros");
    expect((await files.bytes("m.csv")).toString()).toBe("x\r\n");
  });

  it("that unfolds to far too much is not unfolded", async () => {
    await files.put(
      "bomb.xlsx",
      zerosZip(["xl/workbook.xml", "xl/worksheets/sheet1.xml"], 200 * 1024 * 1024),
    );
    expect(await refused("bomb.xlsx")).toBe(
      "The file was not opened, because far too much is packed into it.",
    );
    const stream = deflateSync(Buffer.alloc(400 * 1024 * 1024, "BT /F1 12 Tf (x) Tj ET "));
    await files.put("bomb.pdf", pdf([""], "", streamObject("/Filter/FlateDecode", stream)));
    const before = process.memoryUsage().rss;
    expect(await refused("bomb.pdf")).toMatch(/needs more memory|took too long/);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });
});
