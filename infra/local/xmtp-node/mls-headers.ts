import { MalformedMessage } from "./malformed-message.ts";

const MLS_VERSION_1 = 1;
const PUBLIC_MESSAGE = 1;
const PRIVATE_MESSAGE = 2;
const SENDER_MEMBER = 1;
const SENDER_EXTERNAL = 2;
const SENDER_NEW_MEMBER_COMMIT = 4;
const CONTENT_PROPOSAL = 2;
const CONTENT_COMMIT = 3;
const EPOCH_BYTES = 8;
const SENDER_INDEX_BYTES = 4;

/** Reads the presentation language of TLS as MLS uses it (RFC 9420 §2.1): integers and `opaque<V>` vectors. */
class MlsReader {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#data.length) throw new MalformedMessage("truncated MLS message");
    const taken = this.#data.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  uint8(): number {
    return this.take(1).readUInt8();
  }

  uint16(): number {
    return this.take(2).readUInt16BE();
  }

  /** A vector's length takes 1, 2 or 4 bytes; the first two bits say which. */
  opaque(): Buffer {
    const first = this.uint8();
    const sizeBits = first >> 6;
    if (sizeBits === 3) throw new MalformedMessage("invalid MLS vector length");
    let length = first & 0x3f;
    for (let rest = (1 << sizeBits) - 1; rest > 0; rest -= 1) length = length * 256 + this.uint8();
    return this.take(length);
  }

  version(): void {
    if (this.uint16() !== MLS_VERSION_1) throw new MalformedMessage("unsupported MLS version");
  }
}

export interface GroupMessageHeader {
  readonly groupId: Uint8Array;
  /** True for a commit and for a proposal; the client derives a message's originator from it. */
  readonly isCommit: boolean;
}

/** Reads the head of an MLSMessage (RFC 9420 §6), the only place that names its group. Throws MalformedMessage. */
export function readGroupMessageHeader(data: Uint8Array): GroupMessageHeader {
  const reader = new MlsReader(data);
  reader.version();
  const wireFormat = reader.uint16();
  if (wireFormat !== PUBLIC_MESSAGE && wireFormat !== PRIVATE_MESSAGE) {
    throw new MalformedMessage("not an MLS group message");
  }
  const groupId = reader.opaque();
  if (groupId.length === 0) throw new MalformedMessage("MLS group id is empty");
  reader.take(EPOCH_BYTES);
  if (wireFormat === PUBLIC_MESSAGE) {
    skipSender(reader);
    reader.opaque(); // Authenticated data.
  }
  const contentType = reader.uint8();
  return { groupId, isCommit: contentType === CONTENT_PROPOSAL || contentType === CONTENT_COMMIT };
}

function skipSender(reader: MlsReader): void {
  const sender = reader.uint8();
  if (sender < SENDER_MEMBER || sender > SENDER_NEW_MEMBER_COMMIT) {
    throw new MalformedMessage("unknown MLS sender type");
  }
  if (sender === SENDER_MEMBER || sender === SENDER_EXTERNAL) reader.take(SENDER_INDEX_BYTES);
}

/** The installation id in an MLS KeyPackage (RFC 9420 §10): its leaf's signature key. Throws MalformedMessage. */
export function readInstallationId(keyPackage: Uint8Array): Uint8Array {
  const reader = new MlsReader(keyPackage);
  reader.version();
  reader.uint16(); // Cipher suite.
  reader.opaque(); // Init key.
  reader.opaque(); // Leaf's encryption key.
  const signatureKey = reader.opaque();
  if (signatureKey.length === 0) throw new MalformedMessage("MLS signature key is empty");
  return signatureKey;
}
