import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { MAX_ITEMS_PER_REQUEST } from "./limits.ts";
import { MalformedMessage } from "./malformed-message.ts";

const EMPTY = new Uint8Array(0);

/**
 * The fields of one protobuf message by number, without a schema: a node reads few fields and hands on the rest as
 * bytes, so that fields newer than this code survive. An absent field reads as its proto3 default.
 * Throws MalformedMessage when a field is not of the kind asked for.
 */
export class Fields {
  readonly #values: ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

  constructor(values: ReadonlyMap<number, readonly (bigint | Uint8Array)[]>) {
    this.#values = values;
  }

  has(field: number): boolean {
    return this.#values.has(field);
  }

  uint(field: number): bigint {
    const value = this.#values.get(field)?.at(-1) ?? 0n;
    if (typeof value !== "bigint") throw new MalformedMessage(`field ${field} is not a number`);
    return value;
  }

  bytes(field: number): Uint8Array {
    return bytesOf(this.#values.get(field)?.at(-1) ?? EMPTY, field);
  }

  text(field: number): string {
    return Buffer.from(this.bytes(field)).toString("utf8");
  }

  message(field: number): Fields {
    return decode(this.bytes(field));
  }

  /** Every value of a repeated field of bytes. */
  all(field: number): Uint8Array[] {
    const values = this.#values.get(field) ?? [];
    if (values.length > MAX_ITEMS_PER_REQUEST)
      throw new MalformedMessage(`field ${field} has too many items`);
    return values.map((value) => bytesOf(value, field));
  }

  messages(field: number): Fields[] {
    return this.all(field).map(decode);
  }
}

function bytesOf(value: bigint | Uint8Array, field: number): Uint8Array {
  if (typeof value === "bigint") throw new MalformedMessage(`field ${field} is not length-delimited`);
  return value;
}

/** Reads one message; the bytes in it are views of `data`. Throws MalformedMessage. */
export function decode(data: Uint8Array): Fields {
  const values = new Map<number, (bigint | Uint8Array)[]>();
  const reader = new BinaryReader(data);
  try {
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      const value = readValue(reader, field, type);
      const known = values.get(field);
      if (known) known.push(value);
      else values.set(field, [value]);
    }
  } catch (cause) {
    throw new MalformedMessage("not a protobuf message", { cause });
  }
  return new Fields(values);
}

function readValue(reader: BinaryReader, field: number, type: WireType): bigint | Uint8Array {
  if (type === WireType.Varint) return BigInt(reader.uint64());
  if (type === WireType.LengthDelimited) return reader.bytes();
  return reader.skip(type, field);
}

type FieldValue = bigint | number | boolean | string | Uint8Array | undefined;
export type Field = readonly [field: number, value: FieldValue];

/** Writes fields in the order given: numbers and booleans as varints, zero and undefined left out. */
export function encode(...fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [field, value] of fields) {
    if (typeof value === "string") writer.tag(field, WireType.LengthDelimited).string(value);
    else if (value instanceof Uint8Array) writer.tag(field, WireType.LengthDelimited).bytes(value);
    else if (value) writer.tag(field, WireType.Varint).uint64(BigInt(value));
  }
  return writer.finish();
}

/** A repeated field, for `encode`. */
export const repeated = (field: number, values: readonly Uint8Array[]): Field[] =>
  values.map((value) => [field, value]);
