import { deflateRawSync, inflateRawSync, inflateSync } from "node:zlib";

/**
 * The compression frame of slugs and appData: `0x1f`, the inflated size as uint32 big endian, the DEFLATE body.
 * Clients disagree on raw or zlib-wrapped DEFLATE, so both are read and raw is written.
 */
const FRAME_MARKER = 0x1f;
const HEADER_BYTES = 5;
const MAX_RATIO = 100;

export const isFramed = (bytes: Uint8Array): boolean => bytes[0] === FRAME_MARKER;

/** Returns undefined when the frame lies about its size, is beyond the limits or does not inflate. */
export function readFrame(bytes: Uint8Array, maxInflatedBytes: number): Uint8Array | undefined {
  if (bytes.length <= HEADER_BYTES) return undefined;
  const declared = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  const body = bytes.subarray(HEADER_BYTES);
  if (declared < 1 || declared > maxInflatedBytes || declared / body.length > MAX_RATIO) return undefined;
  for (const inflate of [inflateRawSync, inflateSync]) {
    try {
      const inflated = inflate(body, { maxOutputLength: declared });
      if (inflated.length === declared) return new Uint8Array(inflated);
    } catch {
      // Not this flavour of DEFLATE; the next one decides.
    }
  }
  return undefined;
}

export function writeFrame(bytes: Uint8Array): Uint8Array {
  const body = deflateRawSync(bytes);
  const frame = new Uint8Array(HEADER_BYTES + body.length);
  frame[0] = FRAME_MARKER;
  new DataView(frame.buffer).setUint32(1, bytes.length);
  frame.set(body, HEADER_BYTES);
  return frame;
}
