/** Text forms of byte strings used by the Convos formats. Every parser returns undefined for malformed text. */

const HEX = /^(?:[0-9a-f]{2})*$/i;
const BASE64URL = /^[A-Za-z0-9_-]*$/;

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

export const fromHex = (text: string): Uint8Array | undefined =>
  HEX.test(text) ? new Uint8Array(Buffer.from(text, "hex")) : undefined;

export const toBase64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

/** Strict about the alphabet and the length; padding is refused, as no client writes it. */
export const fromBase64url = (text: string): Uint8Array | undefined =>
  BASE64URL.test(text) && text.length % 4 !== 1 ? new Uint8Array(Buffer.from(text, "base64url")) : undefined;
