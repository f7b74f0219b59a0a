import { createHash } from "node:crypto";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { frame } from "./grpc-message.ts";
import { GRPC_INVALID_ARGUMENT, GRPC_OK } from "./grpc-status.ts";
import { GrpcTestClient, IDENTITY, MLS } from "./grpc-test-client.ts";
import { COMMIT, groupMessage, keyPackage, type SampleMessage } from "./mls-samples.ts";
import { startXmtpNode, type XmtpNode } from "./node.ts";
import { decode, encode, type Fields, repeated } from "./protobuf.ts";

const ADDRESS = `0x${"ab".repeat(20)}`;
const OTHER_ADDRESS = `0x${"cd".repeat(20)}`;
const NONCE = 7n;
const INBOX = createHash("sha256").update(`${ADDRESS}${NONCE}`).digest("hex");

let node: XmtpNode;
let client: GrpcTestClient;
beforeEach(async () => {
  node = await startXmtpNode();
  client = new GrpcTestClient(node.url);
});
afterEach(async () => {
  await client.close();
  await node.close();
});

async function ask(path: string, request: Uint8Array): Promise<Fields> {
  const { status, messages } = await client.call(path, request);
  expect(status).toBe(GRPC_OK);
  return decode(messages[0] ?? new Uint8Array(0));
}

const refused = { status: GRPC_INVALID_ARGUMENT, messages: [] };
const send = (...messages: SampleMessage[]) =>
  ask(
    `${MLS}SendGroupMessages`,
    encode(
      ...repeated(
        1,
        messages.map((message) => encode([1, encode([1, groupMessage(message)], [2, "hmac"], [3, true])])),
      ),
    ),
  );
const ASCENDING = encode([1, 1]);

describe("group messages", () => {
  it("are handed out with id, time, group and kind, once however often they are sent", async () => {
    await send({ group: "g", content: "one" });
    await send({ group: "g", content: "one" }, { group: "g", content: "two", contentType: COMMIT });
    await send({ group: "h", content: "one" });
    const answer = await ask(`${MLS}QueryGroupMessages`, encode([1, "g"], [2, ASCENDING]));
    const messages = answer.messages(1).map((message) => message.message(1));
    expect(messages.map((message) => [message.uint(1), message.text(3), message.uint(7)])).toEqual([
      [1n, "g", 0n],
      [2n, "g", 1n],
    ]);
    const [first, second] = messages;
    expect(Buffer.from(first?.bytes(4) ?? [])).toEqual(groupMessage({ group: "g", content: "one" }));
    expect([first?.text(5), first?.uint(6)]).toEqual(["hmac", 1n]);
    expect(second?.uint(2)).toBeGreaterThan(first?.uint(2) ?? 0n);
  });

  it("has a newest one for each group asked for, in that order, with its content if wanted", async () => {
    await send({ group: "g", content: "one" }, { group: "g", content: "two" }, { group: "h" });
    const newest = async (withContent: boolean) => {
      const groups = ["h", "none", "g"].map((group) => Buffer.from(group));
      const answer = await ask(
        `${MLS}GetNewestGroupMessage`,
        encode(...repeated(1, groups), [2, withContent]),
      );
      return answer.messages(1).map((item) => item.message(1).message(1));
    };
    const summary = (message: Fields) => [message.uint(1), message.text(3), message.has(4)];
    expect((await newest(false)).map(summary)).toEqual([
      [3n, "h", false],
      [0n, "", false],
      [2n, "g", false],
    ]);
    expect((await newest(true)).map(summary)).toEqual([
      [3n, "h", true],
      [0n, "", false],
      [2n, "g", true],
    ]);
  });

  it("are refused when they are none, and then none of their request is kept", async () => {
    const good = encode([1, encode([1, groupMessage({ group: "g" })])]);
    const bad = encode([1, encode([1, "not MLS"])]);
    expect(await client.call(`${MLS}SendGroupMessages`, encode([1, good], [1, bad]))).toEqual(refused);
    expect(await client.call(`${MLS}SendGroupMessages`, encode())).toEqual(refused);
    expect(await client.call(`${MLS}SendGroupMessages`, Buffer.from("ff", "hex"))).toEqual(refused);
    expect((await ask(`${MLS}QueryGroupMessages`, encode([1, "g"]))).has(1)).toBe(false);
  });

  it("reach an open stream", async () => {
    const stream = client.open(`${MLS}SubscribeGroupMessages`);
    stream.end(frame(encode([1, encode([1, "g"])])));
    await once(stream, "response");
    await send({ group: "h" }, { group: "g" });
    const [chunk] = await once(stream, "data");
    const received = decode(chunk.subarray(5)).message(1);
    expect([received.uint(1), received.text(3)]).toEqual([2n, "g"]);
    stream.close();
  });
});

describe("key packages", () => {
  it("are the last ones uploaded, in the order asked for, with an empty place for none", async () => {
    const uploads = [keyPackage("a", "old"), keyPackage("a", "new"), keyPackage("b")];
    for (const upload of uploads) await ask(`${MLS}UploadKeyPackage`, encode([1, encode([1, upload])]));
    for (const _again of [1, 2]) {
      const answer = await ask(`${MLS}FetchKeyPackages`, encode([1, "b"], [1, "none"], [1, "a"]));
      expect(answer.messages(1).map((item) => Buffer.from(item.bytes(1)))).toEqual([
        uploads[2],
        Buffer.alloc(0),
        uploads[1],
      ]);
    }
    expect(await client.call(`${MLS}UploadKeyPackage`, encode([1, encode([1, "none"])]))).toEqual(refused);
  });
});

describe("welcomes", () => {
  it("are kept by installation, in both their forms", async () => {
    const full = encode([1, encode([1, "i"], [2, "data"], [3, "hpke"], [4, 1], [7, "metadata"])]);
    const pointer = encode([2, encode([1, "i"], [2, "pointer"], [3, "hpke"])]);
    await ask(`${MLS}SendWelcomeMessages`, encode([1, full], [1, pointer], [1, full]));
    const answer = await ask(`${MLS}QueryWelcomeMessages`, encode([1, "i"], [2, ASCENDING]));
    const [first, second, ...more] = answer.messages(1);
    const welcome = first?.message(1);
    expect([welcome?.uint(1), welcome?.text(4), welcome?.uint(6), welcome?.text(7)]).toEqual([
      1n,
      "data",
      1n,
      "metadata",
    ]);
    expect([second?.message(2).uint(1), second?.message(2).text(4)]).toEqual([2n, "pointer"]);
    expect(more).toEqual([]);
  });

  it.for([encode(), encode([1, encode([3, "x"])]), encode([1, encode([1, encode([1, "i"])])])])(
    "are refused when incomplete (%#)",
    async (request) => {
      expect(await client.call(`${MLS}SendWelcomeMessages`, request)).toEqual(refused);
    },
  );
});

describe("the commit log", () => {
  const entry = (group: string, text: string) => encode([1, group], [2, text], [3, "signature"]);

  it("is answered group by group, oldest first", async () => {
    const entries = [entry("g", "one"), entry("h", "one"), entry("g", "two")];
    await ask(`${MLS}BatchPublishCommitLog`, encode(...repeated(1, entries)));
    const queries = ["g", "none"].map((group) => encode([1, group]));
    const answers = (await ask(`${MLS}BatchQueryCommitLog`, encode(...repeated(1, queries)))).messages(1);
    expect(
      answers.map((answer) => answer.messages(2).map((item) => `${item.uint(1)} ${item.text(2)}`)),
    ).toEqual([["1 one", "3 two"], []]);
  });

  it("takes at most ten entries and twenty questions at a time", async () => {
    const entries = Array.from({ length: 11 }, () => entry("g", "one"));
    expect(await client.call(`${MLS}BatchPublishCommitLog`, encode(...repeated(1, entries)))).toEqual(
      refused,
    );
    const queries = Array.from({ length: 21 }, () => encode([1, "g"]));
    expect(await client.call(`${MLS}BatchQueryCommitLog`, encode(...repeated(1, queries)))).toEqual(refused);
  });
});

describe("identities", () => {
  const creation = encode([1, encode([1, ADDRESS], [2, NONCE])]);
  const update = (inbox: string, ...actions: Uint8Array[]) =>
    encode([1, encode(...repeated(1, actions), [3, inbox])]);
  const publish = (request: Uint8Array) => client.call(`${IDENTITY}PublishIdentityUpdate`, request);
  const member = encode([1, encode([1, OTHER_ADDRESS])]);

  async function inboxesOf(...addresses: string[]): Promise<string[]> {
    const asked = addresses.map((address) => encode([1, address]));
    const answer = await ask(`${IDENTITY}GetInboxIds`, encode(...repeated(1, asked)));
    return answer.messages(1).map((item) => item.text(2));
  }

  it("are found by address as long as it is associated", async () => {
    await ask(`${IDENTITY}PublishIdentityUpdate`, update(INBOX, creation));
    expect(await inboxesOf(OTHER_ADDRESS, ADDRESS)).toEqual(["", INBOX]);
    await ask(`${IDENTITY}PublishIdentityUpdate`, update(INBOX, encode([2, member])));
    expect(await inboxesOf(OTHER_ADDRESS, ADDRESS)).toEqual([INBOX, INBOX]);
    await ask(`${IDENTITY}PublishIdentityUpdate`, update(INBOX, encode([3, member])));
    expect(await inboxesOf(OTHER_ADDRESS, ADDRESS)).toEqual(["", INBOX]);
  });

  it("give the updates after the one asked for", async () => {
    for (const action of [creation, encode([2, member]), encode([3, member])]) {
      await ask(`${IDENTITY}PublishIdentityUpdate`, update(INBOX, action));
    }
    const asked = encode([1, encode([1, INBOX], [2, 1])], [1, encode([1, "unknown"])]);
    const answers = (await ask(`${IDENTITY}GetIdentityUpdates`, asked)).messages(1);
    expect(answers.map((item) => item.text(1))).toEqual([INBOX, "unknown"]);
    expect(answers.map((item) => item.messages(2).map((entry) => entry.uint(1)))).toEqual([[2n, 3n], []]);
  });

  it("are refused when the log would not make sense", async () => {
    expect(await publish(update(INBOX))).toEqual(refused);
    expect(await publish(update("not an inbox", creation))).toEqual(refused);
    expect(await publish(update("0".repeat(64), creation))).toEqual(refused);
    expect(await publish(update(INBOX, encode([2, member])))).toEqual(refused);
    expect((await publish(update(INBOX, creation))).status).toBe(GRPC_OK);
    expect(await publish(update(INBOX, creation))).toEqual(refused);
  });

  it("have at most 256 updates", async () => {
    await ask(`${IDENTITY}PublishIdentityUpdate`, update(INBOX, creation));
    const more = update(INBOX, encode([2, member]));
    for (let count = 2; count <= 256; count += 1) await ask(`${IDENTITY}PublishIdentityUpdate`, more);
    expect(await publish(more)).toEqual(refused);
  });
});
