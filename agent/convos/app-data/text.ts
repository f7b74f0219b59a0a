import { fromBase64url, toBase64url } from "../bytes.ts";
import { parseJsonObject, stringOrUndefined } from "../content-types/json.ts";
import { isFramed, readFrame, writeFrame } from "../deflate-frame.ts";
import { decodeOrUndefined } from "../protobuf.ts";
import { type ConversationMetadata, decodeMetadata, encodeMetadata } from "./metadata.ts";

/** libxmtp refuses more. There is no overflow scheme. */
export const MAX_APP_DATA_CHARS = 8192;
const COMPRESS_ABOVE_BYTES = 100;
const MAX_INFLATED_BYTES = 10_485_760;

export const EMPTY_METADATA: ConversationMetadata = { tag: "", profiles: [] };

export class AppDataTooLargeError extends RangeError {
  readonly chars: number;
  constructor(chars: number) {
    super(`appData would have ${chars} characters, at most ${MAX_APP_DATA_CHARS} are allowed`);
    this.name = "AppDataTooLargeError";
    this.chars = chars;
  }
}

/** The text for XMTP's `appData`. Throws an AppDataTooLargeError over 8192 characters. */
export function encodeAppData(metadata: ConversationMetadata): string {
  const bytes = encodeMetadata(metadata);
  const frame = bytes.length > COMPRESS_ABOVE_BYTES ? writeFrame(bytes) : undefined;
  const text = toBase64url(frame && frame.length < bytes.length ? frame : bytes);
  if (text.length > MAX_APP_DATA_CHARS) throw new AppDataTooLargeError(text.length);
  return text;
}

/**
 * Reads appData in all its forms: plain, compressed raw or zlib-wrapped, the legacy JSON, the empty string.
 * Undefined for anything else: such a value is some other application's and must not be overwritten.
 */
export function decodeAppData(text: string): ConversationMetadata | undefined {
  if (text === "") return EMPTY_METADATA;
  if (text.startsWith("{")) return decodeLegacyJson(text);
  const bytes = fromBase64url(text);
  const message = bytes && isFramed(bytes) ? readFrame(bytes, MAX_INFLATED_BYTES) : bytes;
  return message && decodeOrUndefined(() => decodeMetadata(message));
}

/** The group's invite tag; empty when there is none or the value cannot be read. */
export const readTag = (appData: string): string => decodeAppData(appData)?.tag ?? "";

function decodeLegacyJson(text: string): ConversationMetadata | undefined {
  const json = parseJsonObject(new TextEncoder().encode(text));
  const tag = stringOrUndefined(json?.tag);
  if (tag === undefined) return undefined;
  const expiresAtUnix = typeof json?.expiresAtUnix === "number" ? Math.floor(json.expiresAtUnix) : 0;
  return { tag, profiles: [], ...(expiresAtUnix === 0 ? {} : { expiresAtUnix }) };
}
