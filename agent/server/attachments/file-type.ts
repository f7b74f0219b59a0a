/** What a file is, told by its bytes. `packed` is a zip: Office documents are that, and so is much else. */
export type FileType =
  | { kind: "image"; mimeType: "image/png" | "image/jpeg" | "image/gif" | "image/webp" }
  | { kind: "heic" | "pdf" | "packed" | "ole" | "audio" | "video" | "other" };

const PDF_HEADER_WITHIN_BYTES = 1_024;

interface Magic {
  offset?: number;
  /** Latin-1. */
  bytes: string;
  type: FileType;
}

const AUDIO: FileType = { kind: "audio" };
const HEIC: FileType = { kind: "heic" };
const VIDEO: FileType = { kind: "video" };

/** The first that fits counts. */
const MAGIC: readonly Magic[] = [
  { bytes: "\x89PNG\r\n\x1a\n", type: { kind: "image", mimeType: "image/png" } },
  { bytes: "\xff\xd8\xff", type: { kind: "image", mimeType: "image/jpeg" } },
  { bytes: "GIF87a", type: { kind: "image", mimeType: "image/gif" } },
  { bytes: "GIF89a", type: { kind: "image", mimeType: "image/gif" } },
  { offset: 8, bytes: "WEBP", type: { kind: "image", mimeType: "image/webp" } },
  { bytes: "PK\x03\x04", type: { kind: "packed" } },
  { bytes: "PK\x05\x06", type: { kind: "packed" } },
  { bytes: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", type: { kind: "ole" } },
  { offset: 8, bytes: "WAVE", type: AUDIO },
  { offset: 8, bytes: "AVI ", type: VIDEO },
  { bytes: "ID3", type: AUDIO },
  { bytes: "fLaC", type: AUDIO },
  { bytes: "#!AMR", type: AUDIO },
  { bytes: "caff", type: AUDIO },
  { offset: 8, bytes: "AIFF", type: AUDIO },
  { offset: 8, bytes: "AIFC", type: AUDIO },
  { offset: 4, bytes: "ftypM4A", type: AUDIO },
  { offset: 4, bytes: "ftypM4B", type: AUDIO },
  { offset: 4, bytes: "ftyphei", type: HEIC },
  { offset: 4, bytes: "ftyphev", type: HEIC },
  { offset: 4, bytes: "ftypmif", type: HEIC },
  { offset: 4, bytes: "ftypmsf", type: HEIC },
  { offset: 4, bytes: "ftypavi", type: { kind: "other" } },
  { bytes: "\x00\x00\x01\xba", type: VIDEO },
  { bytes: "FLV\x01", type: VIDEO },
];

/** Containers that hold sound as well as film. Which of them it is, only the sender's word tells. */
const CONTAINERS: readonly Omit<Magic, "type">[] = [
  { bytes: "OggS" },
  { offset: 4, bytes: "ftyp" },
  { offset: 4, bytes: "moov" },
  { bytes: "\x1a\x45\xdf\xa3" },
];

/**
 * The name and the MIME type are the sender's word, so they decide only where the bytes leave it open:
 * between sound and film in one container.
 */
export function fileTypeOf(bytes: Buffer, named: { filename: string; mimeType: string }): FileType {
  const has = ({ offset = 0, bytes: magic }: Omit<Magic, "type">): boolean =>
    bytes.toString("latin1", offset, offset + magic.length) === magic;
  const found = MAGIC.find(has);
  if (found !== undefined) return found.type;
  if (bytes.subarray(0, PDF_HEADER_WITHIN_BYTES).includes("%PDF-")) return { kind: "pdf" };
  if (CONTAINERS.some(has)) return { kind: mediaByName(named) ?? "video" };
  return isMpegAudio(bytes) ? AUDIO : { kind: "other" };
}

const AUDIO_NAME = /\.(?:mp3|m4a|m4b|aac|wav|flac|ogg|oga|opus|amr|caf|aiff?|wma|weba)$/i;
const VIDEO_NAME = /\.(?:mp4|m4v|mov|avi|mkv|webm|mpe?g|3gp|wmv|flv|ts|ogv)$/i;

/** Sound or film, as the sender calls it. */
export function mediaByName(named: { filename: string; mimeType: string }): "audio" | "video" | undefined {
  if (named.mimeType.startsWith("audio/") || AUDIO_NAME.test(named.filename)) return "audio";
  if (named.mimeType.startsWith("video/") || VIDEO_NAME.test(named.filename)) return "video";
  return undefined;
}

/**
 * The frame header of AAC in ADTS and of MPEG audio: eleven set bits, then version and layer, none of them a reserved
 * value. Layer I is left out: nobody uses it, and UTF-16 text begins like it.
 */
function isMpegAudio(bytes: Buffer): boolean {
  const [first = 0, second = 0, third = 0xff] = bytes;
  if (first !== 0xff) return false;
  const isAdts = (second & 0xf6) === 0xf0;
  const isMp3 = (second & 0xe0) === 0xe0 && (second & 0x18) !== 0x08 && [0x02, 0x04].includes(second & 0x06);
  return isAdts || (isMp3 && third >> 4 !== 0xf && (third & 0x0c) !== 0x0c);
}
