import { randomBytes } from "node:crypto";
import { defaultPayloadConverter, type Payload } from "@temporalio/common";
import { expect, it } from "vitest";
import { SealedPayloadError, SealingCodec } from "./payload-codec.ts";

const TEXT = "You are our trip planner";
const [master, next] = [randomBytes(32), randomBytes(32)];
const codecOf = (key: Buffer, previous: readonly Buffer[] = [], seals = true): SealingCodec =>
  new SealingCodec({ master: key, previous }, seals);
const plain = (): Payload[] => [defaultPayloadConverter.toPayload({ text: TEXT })];
const valuesOf = (payloads: readonly Payload[]) =>
  payloads.map((payload) => defaultPayloadConverter.fromPayload(payload));

it("opens what it sealed; sealed, nothing of the value or its encoding can be read", async () => {
  const codec = codecOf(master);
  const sealed = await codec.encode([...plain(), defaultPayloadConverter.toPayload(undefined)]);
  for (const { metadata, data } of sealed) {
    expect(Buffer.from(metadata?.encoding ?? []).toString()).toBe("binary/encrypted");
    expect(Buffer.from(metadata?.["encryption-key-id"] ?? []).toString()).toMatch(/^[0-9a-f]{16}$/);
    expect(Buffer.from(data ?? []).toString("latin1")).not.toMatch(/trip|json|plain/);
  }
  expect(valuesOf(await codec.decode(sealed))).toEqual([{ text: TEXT }, undefined]);
});

it("passes what was never sealed, and seals nothing when it is only to open", async () => {
  expect(valuesOf(await codecOf(master).decode(plain()))).toEqual([{ text: TEXT }]);
  const opener = codecOf(master, [], false);
  expect(await opener.encode(plain())).toEqual(plain());
  expect(valuesOf(await opener.decode(await codecOf(master).encode(plain())))).toEqual([{ text: TEXT }]);
});

it("opens what an earlier master key sealed, as long as that is configured", async () => {
  const old = await codecOf(master).encode(plain());
  expect(valuesOf(await codecOf(next, [master]).decode(old))).toEqual([{ text: TEXT }]);
  await expect(codecOf(next).decode(old)).rejects.toThrow(SealedPayloadError);
  const newer = await codecOf(next, [master]).encode(plain());
  expect(valuesOf(await codecOf(next).decode(newer))).toEqual([{ text: TEXT }]);
});

it("refuses what was changed, and says nothing of it", async () => {
  const codec = codecOf(master);
  const [sealed] = await codec.encode(plain());
  const data = Buffer.from(sealed?.data ?? []);
  data[data.length - 1] = (data.at(-1) ?? 0) ^ 1;
  const changed = codec.decode([{ ...sealed, data }]);
  await expect(changed).rejects.toThrow(/^a payload is not what key [0-9a-f]{16} sealed$/);
});
