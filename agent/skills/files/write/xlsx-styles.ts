import { DECLARATION, escapeXml, NAMESPACES } from "./xml.ts";

/** The looks that cells have; a look is a place in the list that `xml` writes. */
export interface Styles {
  plain: number;
  header: number;
  /** The look of numbers in this format, e.g. "#,##0.00" or "yyyy-mm-dd". */
  format(code: string): number;
  xml(): string;
}

/** Numbers below this one are Excel's own formats. */
const FIRST_FORMAT = 164;
const FORMATS_MAX = 500;

export function createStyles(): Styles {
  const codes: string[] = [];
  return {
    plain: 0,
    header: 1,
    format(code) {
      const at = codes.indexOf(code);
      if (at >= 0) return 2 + at;
      if (codes.length >= FORMATS_MAX) return 0;
      return 1 + codes.push(code);
    },
    xml() {
      const formats = codes.map(
        (code, at) => `<numFmt numFmtId="${FIRST_FORMAT + at}" formatCode="${escapeXml(code)}"/>`,
      );
      const looks = codes.map(
        (_, at) =>
          `<xf numFmtId="${FIRST_FORMAT + at}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>`,
      );
      const font = (bold: string): string =>
        `<font>${bold}<sz val="11"/><name val="Calibri"/><family val="2"/></font>`;
      const fill = (inner: string): string => `<fill>${inner}</fill>`;
      return [
        `${DECLARATION}<styleSheet xmlns="${NAMESPACES.sheet}">`,
        formats.length === 0 ? "" : `<numFmts count="${formats.length}">${formats.join("")}</numFmts>`,
        `<fonts count="2">${font("")}${font("<b/>")}</fonts>`,
        `<fills count="3">${fill('<patternFill patternType="none"/>')}${fill('<patternFill patternType="gray125"/>')}${fill('<patternFill patternType="solid"><fgColor rgb="FFE2E8F0"/><bgColor indexed="64"/></patternFill>')}</fills>`,
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>',
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>',
        `<cellXfs count="${2 + looks.length}"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1"/>${looks.join("")}</cellXfs>`,
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
      ].join("");
    },
  };
}
