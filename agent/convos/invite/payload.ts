import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { fromHex, toHex } from "../bytes.ts";
import { readMessage, writeBool, writeBytes, writeSfixed64, writeString } from "../protobuf.ts";

/** `InvitePayload`, the part of an invite that is signed. Times are Unix seconds; 0 reads as absent. */
export interface InvitePayload {
  readonly conversationToken: Uint8Array;
  /** 64 lower-case hex characters. */
  readonly creatorInboxId: string;
  readonly tag: string;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly imageUrl?: string | undefined;
  readonly conversationExpiresAtUnix?: number | undefined;
  readonly expiresAtUnix?: number | undefined;
  readonly expiresAfterUse: boolean;
  readonly emoji?: string | undefined;
}

/** `SignedInvite`: the payload exactly as signed, which is why it is never serialized anew. */
export interface SignedInvite {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

export const INBOX_ID_BYTES = 32;

/** Canonical proto3, in the order of field numbers. Throws when the inbox id is not 32 bytes of hex. */
export function encodePayload(payload: InvitePayload): Uint8Array {
  const inboxId = fromHex(payload.creatorInboxId);
  if (inboxId?.length !== INBOX_ID_BYTES) throw new RangeError("an inbox id is 64 hex characters");
  const writer = new BinaryWriter();
  writeBytes(writer, 1, payload.conversationToken);
  writeBytes(writer, 2, inboxId);
  writeString(writer, 3, payload.tag);
  writeString(writer, 4, payload.name);
  writeString(writer, 5, payload.description);
  writeString(writer, 6, payload.imageUrl);
  writeSfixed64(writer, 7, payload.conversationExpiresAtUnix || undefined);
  writeSfixed64(writer, 8, payload.expiresAtUnix || undefined);
  writeBool(writer, 9, payload.expiresAfterUse);
  writeString(writer, 10, payload.emoji);
  return writer.finish();
}

/** Throws when the bytes are not a protobuf message; missing fields come back empty. */
export function decodePayload(bytes: Uint8Array): InvitePayload {
  let conversationToken = new Uint8Array();
  let creatorInboxId = "";
  let tag = "";
  let expiresAfterUse = false;
  const texts = new Map<number, string>();
  const times = new Map<number, number>();
  readMessage(bytes, (field, wireType, reader) => {
    if (wireType === WireType.LengthDelimited) {
      if (field === 1) conversationToken = new Uint8Array(reader.bytes());
      else if (field === 2) creatorInboxId = toHex(reader.bytes());
      else if (field === 3) tag = reader.string(true);
      else if ([4, 5, 6, 10].includes(field)) texts.set(field, reader.string(true));
      else return false;
      return true;
    }
    if (wireType === WireType.Bit64 && (field === 7 || field === 8))
      times.set(field, Number(reader.sfixed64()));
    else if (wireType === WireType.Varint && field === 9) expiresAfterUse = reader.bool();
    else return false;
    return true;
  });
  return {
    conversationToken,
    creatorInboxId,
    tag,
    name: texts.get(4),
    description: texts.get(5),
    imageUrl: texts.get(6),
    conversationExpiresAtUnix: times.get(7) || undefined,
    expiresAtUnix: times.get(8) || undefined,
    expiresAfterUse,
    emoji: texts.get(10),
  };
}

export function encodeSignedInvite(invite: SignedInvite): Uint8Array {
  const writer = new BinaryWriter();
  writeBytes(writer, 1, invite.payload);
  writeBytes(writer, 2, invite.signature);
  return writer.finish();
}

/** Throws when the bytes are not a protobuf message; missing fields come back empty. */
export function decodeSignedInvite(bytes: Uint8Array): SignedInvite {
  let payload = new Uint8Array();
  let signature = new Uint8Array();
  readMessage(bytes, (field, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false;
    if (field === 1) payload = new Uint8Array(reader.bytes());
    else if (field === 2) signature = new Uint8Array(reader.bytes());
    else return false;
    return true;
  });
  return { payload, signature };
}
