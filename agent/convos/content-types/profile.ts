import { type BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { decodeImageRef, type EncryptedImageRef, encodeImageRef } from "../encrypted-image.ts";
import { readMessage, writeBytes, writeString } from "../protobuf.ts";

/** The `member_kind` of an agent. 0 is a person. */
export const AGENT_MEMBER_KIND = 1;

export type ProfileMetadata = Readonly<Record<string, string | number | boolean>>;

/** What a profile message says of a member. */
export interface Profile {
  readonly name?: string | undefined;
  readonly encryptedImage?: EncryptedImageRef | undefined;
  /** 1 is an agent; absent is unset. */
  readonly memberKind?: number | undefined;
  readonly metadata?: ProfileMetadata | undefined;
}

/** ProfileUpdate numbers these fields from 1; MemberProfile has the inbox id first and numbers them from 2. */
export function writeProfile(writer: BinaryWriter, profile: Profile, firstField: number): void {
  writeString(writer, firstField, profile.name);
  writeBytes(writer, firstField + 1, profile.encryptedImage && encodeImageRef(profile.encryptedImage));
  if (profile.memberKind) writer.tag(firstField + 2, WireType.Varint).int32(profile.memberKind);
  for (const [key, value] of Object.entries(profile.metadata ?? {})) {
    const entry = new BinaryWriter();
    writeString(entry, 1, key);
    writeBytes(entry, 2, encodeValue(value));
    writeBytes(writer, firstField + 3, entry.finish());
  }
}

/** Collects the profile's fields of one message. `read` takes the field when it is one of them. */
export function profileReader(firstField: number) {
  let profile: Profile = {};
  return {
    read(field: number, wireType: WireType, reader: BinaryReader): boolean {
      const offset = field - firstField;
      if (wireType === WireType.Varint && offset === 2) {
        const memberKind = reader.int32();
        if (memberKind !== 0) profile = { ...profile, memberKind };
        return true;
      }
      if (wireType !== WireType.LengthDelimited) return false;
      if (offset === 0) profile = { ...profile, name: reader.string(true) };
      else if (offset === 1) profile = { ...profile, encryptedImage: decodeImageRef(reader.bytes()) };
      else if (offset === 3)
        profile = { ...profile, metadata: { ...profile.metadata, ...readEntry(reader.bytes()) } };
      else return false;
      return true;
    },
    get profile(): Profile {
      return profile;
    },
  };
}

function encodeValue(value: string | number | boolean): Uint8Array {
  const writer = new BinaryWriter();
  if (typeof value === "string") writeString(writer, 1, value);
  else if (typeof value === "number") writer.tag(2, WireType.Bit64).double(value);
  else writer.tag(3, WireType.Varint).bool(value);
  return writer.finish();
}

function decodeValue(bytes: Uint8Array): string | number | boolean | undefined {
  let value: string | number | boolean | undefined;
  readMessage(bytes, (field, wireType, reader) => {
    if (field === 1 && wireType === WireType.LengthDelimited) value = reader.string(true);
    else if (field === 2 && wireType === WireType.Bit64) value = reader.double();
    else if (field === 3 && wireType === WireType.Varint) value = reader.bool();
    else return false;
    return true;
  });
  return value;
}

/** One map entry; empty when its value is of a kind we do not know. */
function readEntry(bytes: Uint8Array): ProfileMetadata {
  let key = "";
  let value: string | number | boolean | undefined;
  readMessage(bytes, (field, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false;
    if (field === 1) key = reader.string(true);
    else if (field === 2) value = decodeValue(reader.bytes());
    else return false;
    return true;
  });
  return value === undefined ? {} : { [key]: value };
}
