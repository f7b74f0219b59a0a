const GPS_IFD = 0x8825;
const TAGS_MAX = 500;

/** Whether a picture says where it was taken, in EXIF (the first directory of a TIFF 6.0 block) or in XMP. */
export function hasPosition({ exif, xmp }: { exif: Buffer | undefined; xmp: Buffer | undefined }): boolean {
  return (exif !== undefined && exifHasPosition(exif)) || xmp?.includes("GPSLatitude") === true;
}

/** What is damaged has none. */
function exifHasPosition(exif: Buffer): boolean {
  const tiff = exif.subarray(exif.toString("latin1", 0, 4) === "Exif" ? 6 : 0);
  const isLittle = tiff.toString("latin1", 0, 2) === "II";
  const u16 = (at: number): number => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  try {
    const first = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
    const count = Math.min(u16(first), TAGS_MAX);
    for (let index = 0; index < count; index += 1) if (u16(first + 2 + 12 * index) === GPS_IFD) return true;
    return false;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
