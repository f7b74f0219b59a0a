import ExcelJS from "exceljs";
import { unzipSync } from "fflate";
import mammoth from "mammoth";
import { extractText, getDocumentProxy } from "unpdf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestFiles, type TestFiles } from "./testing.ts";

const MARKDOWN = `# Trip plan

Bring **two** tents & a [map](https://example.org/map) – Łódź, Привет.

- Food
   - Rice
1. Pack
2. Leave

| Item | Cost |
| --- | --- |
| Tent | 12.50 |
| Gas \\| stove | 30 |

\`\`\`chart
{"type":"bar","title":"Costs","labels":["Tent","Gas"],"series":[{"name":"Euro","values":[12.5,30]}]}
\`\`\`

\\newpage

## Way home

> Speak slowly
`;

let files: TestFiles;
beforeAll(() => {
  files = openTestFiles();
});
afterAll(() => files.close());

const parts = async (path: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(unzipSync(await files.bytes(path))).map(([name, bytes]) => [
      name,
      new TextDecoder().decode(bytes),
    ]),
  );

describe("file_create", () => {
  it("makes a DOCX that another reader reads: headings, words, lists, table, link", async () => {
    expect(await files.use("file_create", { path: "plan.docx", content: MARKDOWN })).toMatch(
      /^Made plan\.docx \(\d+ kB\)\. Send it with the message tool\.$/,
    );
    const { value } = await mammoth.convertToHtml({ buffer: await files.bytes("plan.docx") });
    expect(value).toContain("<h1>Trip plan</h1>");
    expect(value).toContain('<strong>two</strong> tents &amp; a <a href="https://example.org/map">map</a>');
    expect(value).toContain("<li>Food<ul><li>Rice</li></ul></li>");
    expect(value).toContain("<ol><li>Pack</li><li>Leave</li></ol>");
    expect(value).toMatch(/<td[^>]*><p>Gas \| stove<\/p><\/td><td[^>]*><p>30<\/p>/);
    const chart = Object.entries(await parts("plan.docx")).find(([name]) =>
      /charts\/chart\d*\.xml$/.test(name),
    );
    expect(chart?.[1]).toContain("barChart");
    expect(chart?.[1]).toContain("12.5");
  });

  it("makes a PDF whose pages another reader reads, with the chart drawn", async () => {
    await files.use("file_create", { path: "plan.pdf", content: MARKDOWN });
    const document = await getDocumentProxy(new Uint8Array(await files.bytes("plan.pdf")));
    const { text } = await extractText(document, { mergePages: false });
    expect(text).toHaveLength(2);
    expect(text[0]).toContain("Bring two tents & a map – Łódź, Привет.");
    expect(text[0]).toContain("Gas | stove");
    expect(text[0]).toContain("Costs");
    expect(text[1]).toContain("Way home");
    const page = await document.getPage(1);
    expect((await page.getAnnotations()).map(({ url }) => url)).toContain("https://example.org/map");
  });

  it("says that a PDF has no letters for some signs", async () => {
    expect(await files.use("file_create", { path: "jp.pdf", content: "東京 🎉" })).toContain("show as boxes");
    expect(await files.use("file_create", { path: "en.pdf", content: "Tokyo, €5 → 6" })).not.toContain(
      "boxes",
    );
  });

  it("makes a PPTX with slides, a table, a native chart and notes", async () => {
    expect(await files.use("file_create", { path: "plan.pptx", content: MARKDOWN })).toContain("4 slides");
    const all = await parts("plan.pptx");
    expect(all["ppt/slides/slide1.xml"]).toContain("<a:t>Trip plan</a:t>");
    expect(all["ppt/slides/slide1.xml"]).toContain('type="title"');
    expect(all["ppt/slides/slide2.xml"]).toContain("<a:tbl>");
    expect(all["ppt/slides/_rels/slide3.xml.rels"]).toContain("charts/chart");
    const chart = Object.entries(all).find(([name]) => /ppt\/charts\/chart\d+\.xml$/.test(name));
    expect(chart?.[1]).toContain("<c:barChart>");
    expect((await files.bytes("plan.pptx")).length).toBeLessThan(60_000);
    expect(all["ppt/notesSlides/notesSlide4.xml"]).toContain("Speak slowly");
  });

  it("makes an XLSX with values, formulas with their results, formats, dates and a chart", async () => {
    const rows = [
      ["Item", "Count", "Price", "Total", "Due"],
      ["Tent", 2, 10.25, "=B2*C2", "2026-05-31"],
      ["Gas", 3, 4, "=ROUND(B3*C3,1)", "2026-06-01"],
      ["Sum", null, null, "=SUM(D2:D3)", null],
    ];
    const charts = [
      { type: "bar", title: "Cost & more", labels: "A2:A3", series: ["D2:D3"] },
      { type: "pie", labels: "A2:A3", series: ["D2:D3"] },
    ];
    const told = await files.use("file_create", {
      path: "costs.xlsx",
      sheets: [
        { name: "Costs: [all]", rows, formats: { D: "#,##0.00" }, charts },
        { name: "costs  all", rows: [["='Costs   all'!D4*2", '=XLOOKUP("x",A1:A2,B1:B2)']] },
      ],
    });
    expect(told).toContain("Formulas without a value yet: 1.");
    const book = new ExcelJS.Workbook();
    await book.xlsx.load(new Uint8Array(await files.bytes("costs.xlsx")).buffer);
    const sheet = book.worksheets[0];
    expect(sheet?.getCell("D2").value).toEqual({ formula: "B2*C2", result: 20.5 });
    expect(sheet?.getCell("D4").value).toEqual({ formula: "SUM(D2:D3)", result: 32.5 });
    expect(sheet?.getCell("D4").numFmt).toBe("#,##0.00");
    expect(sheet?.getCell("E2").value).toEqual(new Date("2026-05-31T00:00:00Z"));
    expect(sheet?.getCell("A1").font.bold).toBe(true);
    expect(book.worksheets.map(({ name }) => name)).toEqual(["Costs   all", "costs  all"]);
    expect(book.worksheets[1]?.getCell("A1").value).toMatchObject({ result: 65 });
    const all = await parts("costs.xlsx");
    expect(all["xl/worksheets/_rels/sheet1.xml.rels"]).toContain("../drawings/drawing1.xml");
    expect(all["xl/drawings/_rels/drawing1.xml.rels"]).toContain("../charts/chart1.xml");
    expect(all["xl/charts/chart1.xml"]).toContain("<c:f>'Costs   all'!$D$2:$D$3</c:f><c:numCache>");
    expect(all["xl/charts/chart1.xml"]).toContain("<c:v>20.5</c:v>");
    expect(all["xl/charts/chart2.xml"]).toContain("<c:pieChart>");
    expect(all["[Content_Types].xml"]).toContain("/xl/charts/chart2.xml");
    expect(all["xl/workbook.xml"]).toContain('fullCalcOnLoad="1"');
    expect(all["xl/worksheets/sheet2.xml"]).toContain("<f>_xlfn.XLOOKUP(");
  });

  it("makes a CSV as it was asked for, and Markdown as it was written", async () => {
    await files.use("file_create", {
      path: "a.csv",
      sheets: [
        {
          rows: [
            ["a", 'say "x"'],
            ["=1+1", -2],
          ],
        },
      ],
    });
    expect((await files.bytes("a.csv")).toString()).toBe('a,"say ""x"""\r\n=1+1,-2\r\n');
    await files.use("file_create", { path: "a.md", content: "# Ähm\n" });
    expect((await files.bytes("a.md")).toString()).toBe("# Ähm\n");
  });

  it("takes a text that begins with = where it is marked as one, and every kind of formula", async () => {
    const rows = [["'=1+1", "='A b'!A1&\"a;b(\"", "=SUM({1;2},-A2)", '=IF(A2="",,1)'], [1]];
    await files.use("file_create", { path: "t.xlsx", sheets: [{ name: "A b", rows }] });
    const sheet = (await parts("t.xlsx"))["xl/worksheets/sheet1.xml"];
    expect((await parts("t.xlsx"))["xl/sharedStrings.xml"]).toContain(">=1+1<");
    expect(sheet?.match(/<f>/g)).toHaveLength(3);
  });

  it("never overwrites a file", async () => {
    await files.use("file_create", { path: "notes/x.md", content: "one" });
    expect(await files.use("file_create", { path: "notes/x.md", content: "two" })).toContain("notes/x-2.md");
    expect((await files.bytes("notes/x.md")).toString()).toBe("one");
  });

  it("says when a file is too large to be sent", async () => {
    const content = "All work and no play. ".repeat(15_000);
    const told = await files.use("file_create", { path: "large.txt", content });
    expect(told).toContain("Send it");
    const cells = Array.from({ length: 30_000 }, (_, at) => [`Row ${at * 7919}`, `${"x".repeat(40)}${at}`]);
    const made = await files.use("file_create", { path: "large.csv", sheets: [{ rows: cells }] });
    expect(made).toContain("too large to be sent");
  });

  it("says what is wrong with what it was given", async () => {
    const chart = (labels: string, series: string[]) => ({
      path: "c.xlsx",
      sheets: [{ rows: [["a"], [1]], charts: [{ type: "bar", labels, series }] }],
    });
    const fence = (json: string) => ({ path: "c.pdf", content: `\`\`\`chart\n${json}\n\`\`\`` });
    const formula = (cell: string) => ({ path: "f.xlsx", sheets: [{ rows: [[1], [cell]] }] });
    for (const [params, sentence] of [
      [{ path: "x.exe", content: "a" }, "must end in .md"],
      [{ path: "x.docx" }, "made of content"],
      [{ path: "x.xlsx", content: "a" }, "made of sheets"],
      [{ path: "../x.md", content: "a" }, "no place"],
      [formula("=SUM(A1;A2)"), "no formula that Excel reads"],
      [formula("=SUM(A1"), "no formula that Excel reads"],
      [formula("=== Sum ==="), "no formula that Excel reads"],
      [chart("A1:A2", ["B"]), '"B" is no range'],
      [chart("A1:A2", ["A1:A9"]), "beyond the sheet"],
      [chart("A1:A2", ["A1:B2"]), "one column or one row"],
      [fence("{"), "A chart is JSON like"],
      [fence('{"type":"pie","labels":["a"],"series":[{"values":[-1]}]}'), "below zero"],
      [fence('{"type":"bar","labels":["a","b"],"series":[{"values":[1]}]}'), "2 labels"],
    ] as const)
      expect(await files.refusal("file_create", params)).toContain(sentence);
  });
});
