import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { fromHex, toHex } from "../bytes.ts";
import { decodeOrUndefined, readMessage, writeBytes } from "../protobuf.ts";
import { type ConvosCodec, defineCodec } from "./codec.ts";
import { type Profile, profileReader, writeProfile } from "./profile.ts";

export interface MemberProfile extends Profile {
  /** 64 lower-case hex characters. */
  readonly inboxId: string;
}

/**
 * `convos.org/profile_snapshot:1.0`: the members' profiles for those who could not read the earlier messages.
 * Sent by whoever added members; members of whom nothing is known are left out.
 */
export interface ProfileSnapshot {
  readonly profiles: readonly MemberProfile[];
}

const INBOX_ID_HEX_CHARS = 64;

export const profileSnapshotCodec: ConvosCodec<ProfileSnapshot> = defineCodec({
  typeId: "profile_snapshot",
  push: false,
  toBytes(snapshot) {
    const writer = new BinaryWriter();
    for (const profile of snapshot.profiles) writeBytes(writer, 1, encodeMember(profile));
    return writer.finish();
  },
  fromBytes: (bytes) =>
    decodeOrUndefined(() => {
      const profiles: MemberProfile[] = [];
      readMessage(bytes, (field, wireType, reader) => {
        if (field !== 1 || wireType !== WireType.LengthDelimited) return false;
        const member = decodeMember(reader.bytes());
        if (member.inboxId.length === INBOX_ID_HEX_CHARS) profiles.push(member);
        return true;
      });
      return { profiles };
    }),
});

function encodeMember(member: MemberProfile): Uint8Array {
  const writer = new BinaryWriter();
  writeBytes(writer, 1, fromHex(member.inboxId));
  writeProfile(writer, member, 2);
  return writer.finish();
}

function decodeMember(bytes: Uint8Array): MemberProfile {
  let inboxId = "";
  const fields = profileReader(2);
  readMessage(bytes, (field, wireType, reader) => {
    if (field !== 1 || wireType !== WireType.LengthDelimited) return fields.read(field, wireType, reader);
    inboxId = toHex(reader.bytes());
    return true;
  });
  return { inboxId, ...fields.profile };
}
