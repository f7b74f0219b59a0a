import { type BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { decodeOrUndefined, readMessage } from "../../convos/protobuf.ts";
import { FileError } from "./file-error.ts";

/** What a remote attachment's payload holds once it is open. */
export interface AttachmentContent {
  /** "" when the sender gave none. */
  filename: string;
  mimeType: string;
  bytes: Uint8Array;
}

/**
 * Reads the serialized EncodedContent of an `xmtp.org/attachment`: 1 type {1 authority, 2 type id}, 2 parameters,
 * 4 content, 5 compression (which no client uses here). Throws a FileError.
 */
export function readAttachmentContent(plaintext: Uint8Array): AttachmentContent {
  const read = decodeOrUndefined(() => readEncodedContent(plaintext));
  if (read === undefined || read.isCompressed || read.content === undefined) throw new FileError("damaged");
  if (read.typeId !== "attachment") throw new FileError("unknown-type");
  return {
    filename: read.parameters.get("filename") ?? "",
    mimeType: read.parameters.get("mimeType") ?? "",
    bytes: read.content,
  };
}

function readEncodedContent(bytes: Uint8Array) {
  let typeId: string | undefined;
  let content: Uint8Array | undefined;
  let isCompressed = false;
  const parameters = new Map<string, string>();
  readMessage(bytes, (field, wireType, reader) => {
    if (field === 5 && wireType === WireType.Varint) {
      reader.uint32();
      isCompressed = true;
      return true;
    }
    if (wireType !== WireType.LengthDelimited) return false;
    if (field === 1) typeId = readStrings(reader).get(2);
    else if (field === 2) {
      const entry = readStrings(reader);
      parameters.set(entry.get(1) ?? "", entry.get(2) ?? "");
    } else if (field === 4) content = reader.bytes();
    else return false;
    return true;
  });
  return { typeId, content, isCompressed, parameters };
}

/** The text fields of an embedded message, by number. */
function readStrings(outer: BinaryReader): Map<number, string> {
  const fields = new Map<number, string>();
  readMessage(outer.bytes(), (field, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false;
    fields.set(field, reader.string());
    return true;
  });
  return fields;
}
