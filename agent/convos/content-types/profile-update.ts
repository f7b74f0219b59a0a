import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { decodeOrUndefined, readMessage } from "../protobuf.ts";
import { type ConvosCodec, defineCodec } from "./codec.ts";
import { type Profile, profileReader, writeProfile } from "./profile.ts";

/** `convos.org/profile_update:1.0`: the sender's whole profile, not a patch. An empty one clears it. */
export type ProfileUpdate = Profile;

export const profileUpdateCodec: ConvosCodec<ProfileUpdate> = defineCodec({
  typeId: "profile_update",
  push: false,
  toBytes(update) {
    const writer = new BinaryWriter();
    writeProfile(writer, update, 1);
    return writer.finish();
  },
  fromBytes: (bytes) =>
    decodeOrUndefined(() => {
      const fields = profileReader(1);
      readMessage(bytes, fields.read);
      return fields.profile;
    }),
});
