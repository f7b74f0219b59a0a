import { type UnzipFileFilter, unzipSync, zipSync } from "fflate";
import { FileError } from "./file-error.ts";
import { RATIO_FREE_BYTES, UNPACKED_MAX_BYTES, UNPACKED_MAX_ENTRIES, UNPACKED_MAX_RATIO } from "./limits.ts";

/**
 * Takes the XML out of a packed document and gives it back as an archive without compression. The parsers see this one
 * only, so what they unfold is what was counted here, whatever the original's headers say. A part never becomes larger
 * than it declares, because its buffer is made beforehand. Pictures and the like are declared but never unfolded.
 * Throws a FileError.
 */
export function unpackDocument(packed: Uint8Array): { names: readonly string[]; archive: Uint8Array } {
  let bytes = 0;
  let entries = 0;
  const parts = unpack(packed, ({ name, size, originalSize }) => {
    const declared = Math.max(size, originalSize);
    bytes += declared;
    entries += 1;
    const isBomb = declared > RATIO_FREE_BYTES && declared > size * UNPACKED_MAX_RATIO;
    if (isBomb || bytes > UNPACKED_MAX_BYTES || entries > UNPACKED_MAX_ENTRIES)
      throw new FileError("expands-too-much");
    return /\.(?:xml|rels)$/i.test(name);
  });
  return { names: Object.keys(parts), archive: zipSync(parts, { level: 0 }) };
}

function unpack(packed: Uint8Array, filter: UnzipFileFilter): Record<string, Uint8Array> {
  try {
    return unzipSync(packed, { filter });
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError("damaged", { cause: error });
  }
}
