/** MLS messages made by hand for the tests, as far as a node reads them. */

export const PUBLIC = 1;
export const PRIVATE = 2;
export const APPLICATION = 1;
export const PROPOSAL = 2;
export const COMMIT = 3;
export const SENDER_MEMBER = 1;
export const SENDER_NEW_MEMBER = 4;

const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

/** `opaque<V>` with the shortest length that fits. */
function opaque(data: Uint8Array): Buffer {
  if (data.length < 64) return Buffer.concat([Buffer.from([data.length]), data]);
  if (data.length < 16_384) return Buffer.concat([uint16(0x4000 | data.length), data]);
  return Buffer.concat([uint16(0x8000 | (data.length >> 16)), uint16(data.length & 0xffff), data]);
}

export interface SampleMessage {
  readonly group: string;
  readonly wireFormat?: number;
  readonly sender?: number;
  readonly contentType?: number;
  readonly content?: string;
}

export function groupMessage({
  group,
  wireFormat = PRIVATE,
  sender = SENDER_MEMBER,
  contentType = APPLICATION,
  content = "",
}: SampleMessage): Buffer {
  const epoch = Buffer.alloc(8, 7);
  const senderIndex = sender === SENDER_MEMBER ? Buffer.alloc(4) : Buffer.alloc(0);
  const publicPart = Buffer.concat([
    Buffer.from([sender]),
    senderIndex,
    opaque(Buffer.from("authenticated")),
  ]);
  return Buffer.concat([
    uint16(1),
    uint16(wireFormat),
    opaque(Buffer.from(group)),
    epoch,
    wireFormat === PUBLIC ? publicPart : Buffer.alloc(0),
    Buffer.from([contentType]),
    Buffer.from(content),
  ]);
}

export const keyPackage = (installation: string, initKey = "init key"): Buffer =>
  Buffer.concat([
    uint16(1),
    uint16(1),
    opaque(Buffer.from(initKey)),
    opaque(Buffer.from("leaf encryption key")),
    opaque(Buffer.from(installation)),
    Buffer.from("the rest"),
  ]);
