import { PDFDocument } from "@cantoo/pdf-lib";
import { getDocumentProxy } from "unpdf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestFiles, type TestFiles } from "./testing.ts";

let files: TestFiles;
beforeAll(() => {
  files = openTestFiles();
  files.take("form.pdf");
});
afterAll(() => files.close());

const fill = (fields: Record<string, unknown>, out?: string) => ({
  path: "form.pdf",
  fields,
  ...(out === undefined ? {} : { out }),
});

/** The values as another library reads them. */
async function valuesOf(path: string): Promise<Record<string, unknown>> {
  const document = await getDocumentProxy(new Uint8Array(await files.bytes(path)));
  const annotations = await (await document.getPage(1)).getAnnotations();
  return Object.fromEntries(annotations.map(({ fieldName, fieldValue }) => [fieldName, fieldValue]));
}

describe("pdf_form", () => {
  it("lists the fields with their kinds and choices", async () => {
    const list = await files.use("pdf_form", { path: "form.pdf" });
    expect(list).toContain('"code": text of at most 4 characters, now ""');
    expect(list).toContain('"newsletter": checkbox');
    expect(list).toContain('"size": one of ["S","M","L"], now ["M"]');
    expect(list).toContain('"meal": one of ["meat","vegan"], required');
  });

  it("fills a copy with every kind of value", async () => {
    const fields = {
      name: "Zoë",
      code: "AB12",
      newsletter: true,
      size: "l",
      meal: "vegan",
      days: ["Tue", "Wed"],
    };
    expect(await files.use("pdf_form", fill(fields))).toMatch(/^Made form-filled\.pdf/);
    expect(await valuesOf("form-filled.pdf")).toMatchObject({
      ...{ name: "Zoë", code: "AB12", meal: "vegan" },
      ...{ size: ["L"], days: ["Tue", "Wed"] },
    });
    const form = (await PDFDocument.load(await files.bytes("form-filled.pdf"))).getForm();
    expect(form.getCheckBox("newsletter").isChecked()).toBe(true);
    const untouched = (await PDFDocument.load(await files.bytes("form.pdf"))).getForm();
    expect(untouched.getTextField("name").getText() ?? "").toBe("");
  });

  it("takes other letters than Western ones, and says what is still empty", async () => {
    const told = await files.use("pdf_form", fill({ name: "Łukasz Ωμέγα Иван" }, "other/name.pdf"));
    expect(told).toContain("Made other/name.pdf");
    expect(told).toContain('Required and still empty: "newsletter", "meal".');
    expect(await valuesOf("other/name.pdf")).toMatchObject({ name: "Łukasz Ωμέγα Иван" });
  });

  it("says what is wrong", async () => {
    files.take("locked.pdf");
    files.take("pdf-parse-04.pdf");
    await files.put("a.txt", "text");
    for (const [params, sentence] of [
      [fill({ nickname: "x" }), 'There is no field "nickname". The fields are: "name", "code"'],
      [fill({ code: "ABCDE" }), "at most 4 characters"],
      [fill({ size: "XL" }), 'takes one of ["S","M","L"]'],
      [fill({ newsletter: "yes" }), "true or false"],
      [fill({ name: true }), "takes a text"],
      [{ path: "locked.pdf" }, "protected with a password"],
      [{ path: "pdf-parse-04.pdf" }, "no form fields"],
      [{ path: "a.txt" }, "Only the form of a PDF"],
    ] as const)
      expect(await files.refusal("pdf_form", params)).toContain(sentence);
  });
});
