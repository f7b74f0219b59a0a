import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/**
 * Reads one field of a known number and wire type from the reader and returns true,
 * or returns false without having read anything.
 */
export type FieldReader = (field: number, wireType: WireType, reader: BinaryReader) => boolean;

/**
 * Walks a protobuf message and hands every field to `readField`.
 * Returns the fields it did not take, verbatim, so that a later write can keep them.
 * Throws when the bytes are not a protobuf message.
 */
export function readMessage(bytes: Uint8Array, readField: FieldReader): Uint8Array {
  const reader = new BinaryReader(bytes);
  const unknown = new BinaryWriter();
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (readField(field, wireType, reader)) continue;
    unknown.tag(field, wireType).raw(reader.skip(wireType, field));
  }
  return unknown.finish();
}

/** Runs a decoder at the edge. The error of a malformed message carries no information beyond its being malformed. */
export function decodeOrUndefined<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

export function writeString(writer: BinaryWriter, field: number, value: string | undefined): void {
  if (value !== undefined) writer.tag(field, WireType.LengthDelimited).string(value);
}

export function writeBytes(writer: BinaryWriter, field: number, value: Uint8Array | undefined): void {
  if (value !== undefined) writer.tag(field, WireType.LengthDelimited).bytes(value);
}

export function writeSfixed64(writer: BinaryWriter, field: number, value: number | undefined): void {
  if (value !== undefined) writer.tag(field, WireType.Bit64).sfixed64(value);
}

/** Proto3 without presence: false is not written. */
export function writeBool(writer: BinaryWriter, field: number, value: boolean): void {
  if (value) writer.tag(field, WireType.Varint).bool(true);
}
