import { crc32, deflateRawSync } from "node:zlib";
import { strToU8, type Zippable, zipSync } from "fflate";

/** Documents as small as their formats allow, made by hand. */

const CONTENT_TYPES = `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>`;
const RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

const relations = (items: readonly { id: string; type: string; target: string }[]): Uint8Array =>
  strToU8(
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${items
      .map(
        ({ id, type, target }) => `<Relationship Id="${id}" Type="${RELATIONS}/${type}" Target="${target}"/>`,
      )
      .join("")}</Relationships>`,
  );

export const paragraph = (text: string): string => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;

/** `prolog` goes before the document's element, `more` are further parts of the archive. */
export function docx(body: string, { prolog = "", more = {} }: { prolog?: string; more?: Zippable } = {}) {
  return zipSync({
    "[Content_Types].xml": strToU8(CONTENT_TYPES),
    "_rels/.rels": relations([{ id: "r1", type: "officeDocument", target: "word/document.xml" }]),
    "word/document.xml": strToU8(
      `<?xml version="1.0"?>${prolog}<w:document xmlns:w="${WORD}"><w:body>${body}</w:body></w:document>`,
    ),
    ...more,
  });
}

/** `sheets` are the rows' XML by the sheet's name. */
export function xlsx(sheets: Readonly<Record<string, string>>): Uint8Array {
  const names = Object.keys(sheets);
  const list = names.map((name, at) => `<sheet name="${name}" sheetId="${at + 1}" r:id="s${at + 1}"/>`);
  const targets = names.map((_, at) => ({
    id: `s${at + 1}`,
    type: "worksheet",
    target: `worksheets/sheet${at + 1}.xml`,
  }));
  return zipSync({
    "[Content_Types].xml": strToU8(CONTENT_TYPES),
    "_rels/.rels": relations([{ id: "r1", type: "officeDocument", target: "xl/workbook.xml" }]),
    "xl/workbook.xml": strToU8(
      `<workbook xmlns="${SHEET}" xmlns:r="${RELATIONS}"><sheets>${list.join("")}</sheets></workbook>`,
    ),
    "xl/_rels/workbook.xml.rels": relations([...targets, { id: "st", type: "styles", target: "styles.xml" }]),
    // Style 1 is a date.
    "xl/styles.xml": strToU8(
      `<styleSheet xmlns="${SHEET}"><cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" xfId="0"/><xf numFmtId="14" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`,
    ),
    ...Object.fromEntries(
      Object.values(sheets).map((rows, at) => [
        `xl/worksheets/sheet${at + 1}.xml`,
        strToU8(`<worksheet xmlns="${SHEET}"><sheetData>${rows}</sheetData></worksheet>`),
      ]),
    ),
  });
}

export const textCell = (at: string, text: string): string =>
  `<c r="${at}" t="inlineStr"><is><t>${text}</t></is></c>`;

/** A PDF with a line on each page. `trailer` is added to its trailer, `content` replaces the first page's stream. */
export function pdf(pages: readonly string[], trailer = "", content?: Buffer): Buffer {
  const font = 3;
  const kids = pages.map((_, at) => `${4 + 2 * at} 0 R`).join(" ");
  const objects: (string | Buffer)[] = [
    "<</Type/Catalog/Pages 2 0 R>>",
    `<</Type/Pages/Kids[${kids}]/Count ${pages.length}>>`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ];
  for (const [at, text] of pages.entries()) {
    const stream = Buffer.from(text === "" ? "" : `BT /F1 12 Tf 72 700 Td (${text}) Tj ET`);
    const resources = `<</Font<</F1 ${font} 0 R>>>>`;
    objects.push(
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources${resources}/Contents ${5 + 2 * at} 0 R>>`,
      at === 0 && content !== undefined ? content : streamObject("", stream),
    );
  }
  let bytes = Buffer.from("%PDF-1.4\n");
  const offsets: number[] = [];
  for (const [at, object] of objects.entries()) {
    offsets.push(bytes.length);
    bytes = Buffer.concat([bytes, Buffer.from(`${at + 1} 0 obj\n`), Buffer.from(object), ENDOBJ]);
  }
  const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  const end = `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<</Size ${size}/Root 1 0 R${trailer}>>\nstartxref\n${bytes.length}\n%%EOF\n`;
  return Buffer.concat([bytes, Buffer.from(end)]);
}

const ENDOBJ = Buffer.from("\nendobj\n");

export const streamObject = (entries: string, data: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`<<${entries}/Length ${data.length}>>\nstream\n`),
    data,
    Buffer.from("\nendstream"),
  ]);

/**
 * An archive whose parts are all the same `bytes` of zeros, as long as each says it is, packed once and natively.
 * `declared` is the size it says instead.
 */
export function zerosZip(names: readonly string[], bytes: number, declared = bytes): Buffer {
  const zeros = Buffer.alloc(bytes);
  const packed = deflateRawSync(zeros);
  const sums = Buffer.alloc(12);
  sums.writeUInt32LE(crc32(zeros), 0);
  sums.writeUInt32LE(packed.length, 4);
  sums.writeUInt32LE(declared, 8);
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  for (const [at, name] of names.entries()) {
    const place = at * (30 + packed.length) + names.slice(0, at).join("").length;
    const local = Buffer.alloc(30);
    local.write("PK\x03\x04\x14\0\0\0\x08", "latin1");
    sums.copy(local, 14);
    local.writeUInt16LE(name.length, 26);
    locals.push(local, Buffer.from(name), packed);
    const entry = Buffer.alloc(46);
    entry.write("PK\x01\x02\x14\0\x14\0\0\0\x08", "latin1");
    sums.copy(entry, 16);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(place, 42);
    central.push(entry, Buffer.from(name));
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(names.length, 8);
  end.writeUInt16LE(names.length, 10);
  end.writeUInt32LE(Buffer.concat(central).length, 12);
  end.writeUInt32LE(Buffer.concat(locals).length, 16);
  return Buffer.concat([...locals, ...central, end]);
}

/** A PNG's header with these dimensions and an end, and nothing to show. */
export function png(width: number, height: number): Buffer {
  const header = Buffer.alloc(33);
  header.write("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "latin1");
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  return Buffer.concat([header, Buffer.from("\0\0\0\0IEND\xae\x42\x60\x82", "latin1")]);
}
