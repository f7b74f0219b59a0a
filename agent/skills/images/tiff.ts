import type { RawPixels } from "./heic.ts";

const SHORT = { type: 3, bytes: 2 };
const LONG = { type: 4, bytes: 4 };
const UNDEFINED = { type: 7, bytes: 1 };
const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;

/**
 * Pixels with their colour profile as an uncompressed TIFF 6.0 file: the plainest form in which libvips takes both, and so
 * turns the wide colours of phones into sRGB.
 */
export function tiffOf({ data, width, height, channels }: RawPixels, iccProfile: Buffer): Buffer {
  const bits = Buffer.alloc(2 * channels);
  for (let channel = 0; channel < channels; channel += 1) bits.writeUInt16LE(8, 2 * channel);
  // 3 or 4 numbers do not fit into an entry, so they follow the directory, as the profile and the pixels do.
  const count = channels === 4 ? 12 : 11;
  const bitsAt = HEADER_BYTES + 2 + count * ENTRY_BYTES + 4;
  const profileAt = bitsAt + bits.length;
  const pixelsAt = profileAt + iccProfile.length + (iccProfile.length % 2);
  const entries = [
    entry(256, LONG, 1, width),
    entry(257, LONG, 1, height),
    entry(258, SHORT, channels, bitsAt),
    entry(259, SHORT, 1, 1),
    entry(262, SHORT, 1, 2),
    entry(273, LONG, 1, pixelsAt),
    entry(277, SHORT, 1, channels),
    entry(278, LONG, 1, height),
    entry(279, LONG, 1, data.length),
    entry(284, SHORT, 1, 1),
    ...(channels === 4 ? [entry(338, SHORT, 1, 2)] : []),
    entry(34_675, UNDEFINED, iccProfile.length, profileAt),
  ];
  const directory = Buffer.alloc(pixelsAt);
  directory.write("II*\0", "latin1");
  directory.writeUInt32LE(HEADER_BYTES, 4);
  directory.writeUInt16LE(entries.length, HEADER_BYTES);
  directory.set(Buffer.concat(entries), HEADER_BYTES + 2);
  directory.set(bits, bitsAt);
  directory.set(iccProfile, profileAt);
  return Buffer.concat([directory, data]);
}

function entry(tag: number, { type, bytes }: typeof SHORT, count: number, value: number): Buffer {
  const written = Buffer.alloc(ENTRY_BYTES);
  written.writeUInt16LE(tag, 0);
  written.writeUInt16LE(type, 2);
  written.writeUInt32LE(count, 4);
  if (bytes === 2 && count === 1) written.writeUInt16LE(value, 8);
  else written.writeUInt32LE(value, 8);
  return written;
}
