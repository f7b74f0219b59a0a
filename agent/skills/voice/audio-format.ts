import type { Probe } from "./ffmpeg.ts";

/** Containers that the provider hears without conversion, as ffprobe names them, and the codecs that are usual in them. */
const HEARD_AS_IS: readonly { probed: string; codecs: readonly string[]; format: string }[] = [
  { probed: "wav", codecs: ["pcm_s16le"], format: "wav" },
  { probed: "mp3", codecs: ["mp3"], format: "mp3" },
  { probed: "flac", codecs: ["flac"], format: "flac" },
  { probed: "m4a", codecs: ["aac"], format: "m4a" },
  { probed: "ogg", codecs: ["opus", "vorbis"], format: "ogg" },
  { probed: "aac", codecs: ["aac"], format: "aac" },
];

/** The provider's name of the format when the file can go as it is: one stream of sound, of a usual codec. */
export function formatToSend({ format, streams = [] }: Probe): string | undefined {
  const [stream] = streams;
  if (streams.length !== 1 || stream?.codec_type !== "audio") return undefined;
  const names = format?.format_name?.split(",") ?? [];
  const known = HEARD_AS_IS.find(({ probed }) => names.includes(probed));
  return known?.codecs.includes(stream.codec_name ?? "") ? known.format : undefined;
}

/** The same by how the bytes begin, for where there is no ffprobe. A codec that the provider does not know is its to refuse. */
export function formatByMagic(bytes: Buffer): string | undefined {
  const at = (text: string, offset: number): boolean =>
    bytes.subarray(offset, offset + text.length).equals(Buffer.from(text, "latin1"));
  if (at("RIFF", 0) && at("WAVE", 8)) return "wav";
  if (at("fLaC", 0)) return "flac";
  if (at("OggS", 0)) return "ogg";
  if (at("ftyp", 4)) return "m4a";
  const [first = 0, second = 0] = bytes;
  if (at("ID3", 0) || (first === 0xff && (second & 0xe6) === 0xe2)) return "mp3";
  if (first === 0xff && (second & 0xf6) === 0xf0) return "aac";
  return undefined;
}
