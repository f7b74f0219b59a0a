import mammoth from "mammoth";
import type { Block } from "../model/blocks.ts";
import { readHtml } from "./html.ts";

/** A Word document, from an archive made by `unpackDocument`. Pictures stay out. */
export async function readDocx(archive: Uint8Array): Promise<Block[]> {
  const convertImage = mammoth.images.imgElement(async () => ({ src: "" }));
  const styleMap = ["br[type='page'] => hr"];
  const { value } = await mammoth.convertToHtml({ buffer: Buffer.from(archive) }, { convertImage, styleMap });
  return readHtml(value);
}
