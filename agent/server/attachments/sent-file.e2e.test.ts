import {
  encodeAttachment,
  encodeRemoteAttachment,
  encodeText,
  encryptAttachment,
  type Group,
} from "@xmtp/node-sdk";
import { Value } from "typebox/value";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openConversation, openNetwork, type Person } from "../../convos/testing/network.ts";
import { FILES_MAX, filesOf, SentFile } from "./sent-file.ts";

let network: Awaited<ReturnType<typeof openNetwork>>;
let sender: Person;
let group: Group<unknown>;
let theirs: Group<unknown>;
beforeAll(async () => {
  network = await openNetwork();
  const receiver = await network.person();
  sender = await network.person();
  group = await openConversation(sender);
  await group.addMembers([receiver.inboxId]);
  await receiver.client.conversations.sync();
  const received = receiver.client.conversations.listGroups().find(({ id }) => id === group.id);
  if (received === undefined) throw new Error("the receiver did not get the group");
  theirs = received;
});
afterAll(() => network.close());

/** The files of a message as another client received it, once they have been to JSON and back. */
async function received(id: string): Promise<readonly SentFile[]> {
  await theirs.sync();
  const message = (await theirs.messages()).find((candidate) => candidate.id === id);
  if (message === undefined) throw new Error("the message did not arrive");
  const files: unknown = JSON.parse(JSON.stringify(filesOf(message)));
  return Array.isArray(files) ? files.map((file) => Value.Parse(SentFile, file)) : [];
}

const CONTENT = Buffer.from("tide tables");
const ATTACHMENT = { filename: "tide.txt", mimeType: "text/plain", content: CONTENT };
const INLINE = {
  kind: "inline",
  filename: "tide.txt",
  mimeType: "text/plain",
  bytes: CONTENT.toString("base64"),
};
const { payload, ...sealed } = encryptAttachment(ATTACHMENT);
const remote = (number: number) => ({
  ...sealed,
  url: `https://files.example/${number}`,
  scheme: "https",
  filename: `${number}.txt`,
});
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const remoteFile = (number: number) => ({
  kind: "remote",
  filename: `${number}.txt`,
  url: `https://files.example/${number}`,
  contentDigest: sealed.contentDigest,
  secret: hex(sealed.secret),
  salt: hex(sealed.salt),
  nonce: hex(sealed.nonce),
  contentLength: payload.length,
});

it("reads an attachment", async () => {
  expect(await received(await group.sendAttachment(ATTACHMENT))).toEqual([INLINE]);
});

it("reads an attachment without a name", async () => {
  const { filename: _, ...nameless } = ATTACHMENT;
  expect(await received(await group.sendAttachment(nameless))).toEqual([{ ...INLINE, filename: null }]);
});

it("reads a remote attachment", async () => {
  expect(await received(await group.sendRemoteAttachment(remote(1)))).toEqual([remoteFile(1)]);
});

it("reads several remote attachments of one message", async () => {
  const id = await group.sendMultiRemoteAttachment({ attachments: [remote(1), remote(2)] });
  expect(await received(id)).toEqual([remoteFile(1), remoteFile(2)]);
});

it("reads so many of them and says that there were more", async () => {
  const attachments = Array.from({ length: FILES_MAX + 5 }, (_, number) => remote(number));
  const files = await received(await group.sendMultiRemoteAttachment({ attachments }));
  expect(files).toHaveLength(FILES_MAX + 1);
  expect(files.at(-2)).toEqual(remoteFile(FILES_MAX - 1));
  expect(files.at(-1)).toEqual({ kind: "broken", filename: null, problem: "too-many" });
});

it("reads what a reply carries", async () => {
  const reference = await group.sendText("What is the tide?");
  const inline = await group.sendReply({ reference, content: encodeAttachment(ATTACHMENT) });
  expect(await received(inline)).toEqual([INLINE]);
  const stored = await group.sendReply({ reference, content: encodeRemoteAttachment(remote(3)) });
  expect(await received(stored)).toEqual([remoteFile(3)]);
});

it("finds nothing in a text and in a reply of text", async () => {
  const reference = await group.sendText("nothing here");
  expect(await received(reference)).toEqual([]);
  expect(await received(await group.sendReply({ reference, content: encodeText("nor here") }))).toEqual([]);
});

it.each([
  ["a digest that is none", { contentDigest: "abc" }],
  ["a secret of the wrong length", { secret: new Uint8Array(16) }],
  ["a salt of the wrong length", { salt: new Uint8Array(0) }],
  ["a nonce of the wrong length", { nonce: new Uint8Array(16) }],
  ["an endless address", { url: `https://files.example/${"x".repeat(3_000)}` }],
])("calls a remote attachment with %s broken", async (_, wrong) => {
  const id = await group.sendRemoteAttachment({ ...remote(4), ...wrong });
  expect(await received(id)).toEqual([{ kind: "broken", filename: "4.txt", problem: "damaged" }]);
});

it("survives an attachment that is none", async () => {
  const content = {
    ...encodeRemoteAttachment(remote(5)),
    parameters: {},
    content: new Uint8Array([0xff, 0xfe]),
  };
  const files = await received(await group.send(content));
  expect(files).toEqual([{ kind: "broken", filename: null, problem: "damaged" }]);
});
