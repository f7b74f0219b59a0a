/** The part of pdfmake that is used here; the package has no types of its own. */
declare module "pdfmake" {
  export type PdfNode = string | PdfNode[] | { [key: string]: unknown };
  interface Fonts {
    [family: string]: { normal: string; bold: string; italics: string; bolditalics: string };
  }
  const pdfmake: {
    setFonts(fonts: Fonts): void;
    setUrlAccessPolicy(mayLoad: (url: string) => boolean): void;
    setLocalAccessPolicy(mayRead: (path: string) => boolean): void;
    createPdf(definition: { content: PdfNode[]; [key: string]: unknown }): { getBuffer(): Promise<Buffer> };
  };
  export default pdfmake;
}
