import ExcelJS from "exceljs";
import mammoth from "mammoth";
import { extractText, getDocumentProxy } from "unpdf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestFiles, type TestFiles } from "./testing.ts";

let files: TestFiles;
beforeAll(() => {
  files = openTestFiles();
});
afterAll(() => files.close());

/** Converts and resolves with the path of what was made. */
async function convert(path: string, to: string): Promise<string> {
  const told = await files.use("file_convert", { path, to });
  return /^Made (.+?) \(/.exec(told)?.[1] ?? told;
}
const text = async (path: string): Promise<string> => (await files.bytes(path)).toString("utf8");
const workbook = async (path: string): Promise<ExcelJS.Workbook> => {
  const book = new ExcelJS.Workbook();
  await book.xlsx.load(new Uint8Array(await files.bytes(path)).buffer);
  return book;
};

describe("file_convert", () => {
  it("keeps headings, lists and tables from Markdown to DOCX and back", async () => {
    const markdown =
      "# One\n\nSome **bold** text, 2 \\* 3, a\\_b.\n\n- a\n   - b\n1. c\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n";
    await files.put("doc.md", markdown);
    expect(await convert("doc.md", "docx")).toBe("doc.docx");
    expect(await convert("doc.docx", "md")).toBe("doc-2.md");
    expect(await text("doc-2.md")).toBe(markdown.replace("a\\_b", "a_b"));
  });

  it("makes every other kind of a document", async () => {
    await files.put(
      "note.md",
      "# Tides\n\nHigh water at noon.\n\n| Port | m |\n| --- | --- |\n| Hull | 7.5 |\n",
    );
    const pdf = await convert("note.md", "pdf");
    const read = await extractText(await getDocumentProxy(new Uint8Array(await files.bytes(pdf))), {
      mergePages: true,
    });
    expect(read.text).toContain("High water at noon.");
    const docx = await mammoth.extractRawText({ buffer: await files.bytes(await convert(pdf, "docx")) });
    expect(docx.value).toContain("High water at noon.");
    expect(await text(await convert(pdf, "txt"))).toContain("Hull 7.5");
    const slides = await files.use("file_read", { path: await convert("note.md", "pptx") });
    expect(slides).toContain("## Tides");
    expect(slides).toContain("| Hull | 7.5 |");
    const book = await workbook(await convert("note.md", "xlsx"));
    expect(book.worksheets[0]?.getCell("B2").value).toBe(7.5);
    expect(await text(await convert("note.md", "csv"))).toBe("Port,m\r\nHull,7.5\r\n");
    await files.put("page.html", "<h1>Tides</h1><p>High water</p><script>x()</script>");
    expect(await text(await convert("page.html", "md"))).toBe("# Tides\n\nHigh water\n");
    files.take("deck.pptx");
    expect(await text(await convert("deck.pptx", "md"))).toContain(
      "## Tides of May\n\n- High water\n   - at noon",
    );
  });

  it("never makes a formula of a stranger's CSV, nor a number of what is a name", async () => {
    const rows = '=1+1,+49 30 1,-2,@x,007,12.5,2026-05-31,1e5,123456789012345678,"=HYPERLINK(""http://x"")"';
    await files.put("foreign.csv", `${rows}\n`);
    const sheet = (await workbook(await convert("foreign.csv", "xlsx"))).worksheets[0];
    const values = sheet?.getRow(1).values;
    expect(values).toEqual([
      ...[undefined, "=1+1", "+49 30 1", -2, "@x", "007", 12.5, new Date("2026-05-31T00:00:00Z")],
      ...["1e5", "123456789012345678", '=HYPERLINK("http://x")'],
    ]);
    await files.put("de.csv", "a;1,5;1.234,5\n");
    expect((await workbook(await convert("de.csv", "xlsx"))).worksheets[0]?.getRow(1).values).toEqual([
      ...[undefined, "a", 1.5, "1.234,5"],
    ]);
  });

  it("makes other kinds of a workbook, sheet by sheet", async () => {
    const sheets = [
      {
        name: "Costs",
        rows: [
          ["Item", "Cost"],
          ["Tent", 2],
          ["Sum", "=SUM(B2:B2)"],
        ],
      },
      {
        name: "More",
        rows: [
          ["x", "y"],
          ["1", "2026-05-31"],
        ],
      },
    ];
    await files.use("file_create", { path: "b.xlsx", sheets });
    expect(await files.use("file_convert", { path: "b.xlsx", to: "csv" })).toContain(
      'this is "Costs"; 1 more',
    );
    expect(await text("b.csv")).toBe("Item,Cost\r\nTent,2\r\nSum,2\r\n");
    expect(await text(await convert("b.xlsx", "md"))).toContain("## Costs\n\n| Item | Cost |");
    const html = await mammoth.convertToHtml({ buffer: await files.bytes(await convert("b.xlsx", "docx")) });
    expect(html.value).toContain("2026-05-31");
    const pdf = await getDocumentProxy(new Uint8Array(await files.bytes(await convert("b.xlsx", "pdf"))));
    expect((await extractText(pdf, { mergePages: true })).text).toContain("2026-05-31");
  });

  it("says what is not possible", async () => {
    await files.put("words.md", "No table here.");
    expect(await files.refusal("file_convert", { path: "words.md", to: "xlsx" })).toContain("no table");
    expect(await files.refusal("file_convert", { path: "words.md", to: "md" })).toBe("It is MD already.");
    expect(await files.refusal("file_convert", { path: "words.md", to: "exe" })).toMatch(/^to: /);
    await files.put("broken.csv", 'a,"b\nc');
    expect(await files.refusal("file_convert", { path: "broken.csv", to: "xlsx" })).toContain(
      "quote is not closed",
    );
  });
});
