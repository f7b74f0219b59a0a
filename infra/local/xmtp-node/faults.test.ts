import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Fault } from "./faults.ts";
import { frame } from "./grpc-message.ts";
import { GRPC_OK, GRPC_UNAVAILABLE } from "./grpc-status.ts";
import { GrpcTestClient, MLS, readAnswer } from "./grpc-test-client.ts";
import { MAX_FAULTS } from "./limits.ts";
import { groupMessage } from "./mls-samples.ts";
import { startXmtpNode, type XmtpNode } from "./node.ts";
import { encode } from "./protobuf.ts";

const LATENCY_MS = 60;

let node: XmtpNode;
let client: GrpcTestClient;
let sent: number;
beforeEach(async () => {
  sent = 0;
  node = await startXmtpNode();
  client = new GrpcTestClient(node.url);
});
afterEach(async () => {
  await client.close();
  await node.close();
});

async function control(method: string, path: string, body?: string): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(`${node.controlUrl}/__node/${path}`, { method, headers, body: body ?? null });
}

async function state(): Promise<unknown> {
  return (await control("GET", "state")).json();
}

const stored = (groupMessages: number) => expect.objectContaining({ groupMessages });

function sendMessage() {
  sent += 1;
  const message = encode([1, encode([1, groupMessage({ group: "g", content: `${sent}` })])]);
  return client.call(`${MLS}SendGroupMessages`, encode([1, message]));
}

describe("a fault", () => {
  const ends = [
    { kind: "unavailable", status: GRPC_UNAVAILABLE },
    { kind: "reset", status: undefined },
  ] as const;
  it.for(ends)(
    "of the kind $kind leaves no effect before it and the effect after it",
    async ({ kind, status }) => {
      node.faults.add({ method: "SendGroupMessages", when: "before", kind, times: 1 });
      expect(await sendMessage()).toEqual({ status, messages: [] });
      expect(await state()).toEqual(stored(0));
      node.faults.add({ method: "SendGroupMessages", when: "after", kind, times: 1 });
      expect(await sendMessage()).toEqual({ status, messages: [] });
      expect(await state()).toEqual(stored(1));
      expect((await sendMessage()).status).toBe(GRPC_OK);
    },
  );

  it("of the kind latency makes the call wait and then go on", async () => {
    node.faults.add({ method: "*", when: "after", kind: "latency", latencyMs: LATENCY_MS });
    const startMs = performance.now();
    expect((await sendMessage()).status).toBe(GRPC_OK);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(LATENCY_MS - 1);
  });

  it.for([
    { when: "before", kept: 0 },
    { when: "after", kept: 1 },
  ] as const)(
    "of the kind hang, $when the effect, lasts until the faults are cleared",
    async ({ when, kept }) => {
      node.faults.add({ method: "SendGroupMessages", when, kind: "hang" });
      const hanging = sendMessage();
      const other = await client.call(`${MLS}QueryGroupMessages`, encode([1, "g"]));
      expect(other.status).toBe(GRPC_OK);
      node.faults.clear();
      expect((await hanging).status).toBe(GRPC_UNAVAILABLE);
      expect(await state()).toEqual(stored(kept));
    },
  );

  it("of the kind hang does not keep the node from closing", async () => {
    node.faults.add({ method: "*", when: "before", kind: "hang" });
    const hanging = sendMessage();
    await client.call(`${MLS}Unknown`, encode());
    await node.close();
    expect((await hanging).status).toBeUndefined();
  });

  it("ends a stream that has opened", async () => {
    node.faults.add({ method: "SubscribeGroupMessages", when: "after", kind: "unavailable" });
    const stream = client.open(`${MLS}SubscribeGroupMessages`);
    stream.end(frame(encode([1, encode([1, "g"])])));
    expect((await readAnswer(stream)).status).toBe(GRPC_UNAVAILABLE);
  });

  it("hits as many calls as it says, of its method only", async () => {
    node.faults.add({ method: "SendGroupMessages", when: "before", kind: "unavailable", times: 2 });
    expect((await client.call(`${MLS}QueryGroupMessages`, encode([1, "g"]))).status).toBe(GRPC_OK);
    const statuses = [await sendMessage(), await sendMessage(), await sendMessage()].map(
      ({ status }) => status,
    );
    expect(statuses).toEqual([GRPC_UNAVAILABLE, GRPC_UNAVAILABLE, GRPC_OK]);
    expect(node.calls.get("SendGroupMessages")).toBe(3);
  });

  const impossible: Fault[] = [
    { method: "Unknown", when: "before", kind: "hang" },
    { method: "*", when: "before", kind: "latency" },
    { method: "*", when: "before", kind: "hang", latencyMs: 1 },
  ];
  it.for(impossible)("is refused when it cannot be: %o", (fault) => {
    expect(() => node.faults.add(fault)).toThrow(RangeError);
  });

  it("is one of a limited number", () => {
    const fault: Fault = { method: "*", when: "before", kind: "hang" };
    for (let count = 0; count < MAX_FAULTS; count += 1) node.faults.add(fault);
    expect(() => node.faults.add(fault)).toThrow(RangeError);
  });
});

describe("the control port", () => {
  const fault = { method: "SendGroupMessages", when: "before", kind: "unavailable", times: 5 };

  it("adds, lists and clears faults, and counts", async () => {
    const added = await control("POST", "faults", JSON.stringify(fault));
    expect([added.status, await added.json()]).toEqual([201, { faults: [fault] }]);
    expect((await sendMessage()).status).toBe(GRPC_UNAVAILABLE);
    expect(await state()).toEqual({
      inboxes: 0,
      installations: 0,
      groups: 0,
      groupMessages: 0,
      welcomes: 0,
      calls: { SendGroupMessages: 1 },
      faults: [{ ...fault, times: 4 }],
    });
    expect((await control("DELETE", "faults")).status).toBe(204);
    expect((await sendMessage()).status).toBe(GRPC_OK);
    expect(await state()).toMatchObject({
      groups: 1,
      groupMessages: 1,
      calls: { SendGroupMessages: 2 },
      faults: [],
    });
  });

  it.for([
    ["no JSON", "{"],
    ["no fault", "{}"],
    ["an unknown field", JSON.stringify({ ...fault, other: 1 })],
    ["an unknown method", JSON.stringify({ ...fault, method: "Unknown" })],
    ["times of 0", JSON.stringify({ ...fault, times: 0 })],
    [
      "a latency without end",
      JSON.stringify({ method: "*", when: "after", kind: "latency", latencyMs: 1e9 }),
    ],
  ] as const)("refuses %s", async ([, body]) => {
    expect((await control("POST", "faults", body)).status).toBe(400);
    expect(node.faults.list()).toEqual([]);
  });

  it("refuses what is too long, of another type, or not there", async () => {
    expect((await control("POST", "faults", " ".repeat(17_000))).status).toBe(413);
    const plain = await fetch(`${node.controlUrl}/__node/faults`, {
      method: "POST",
      body: JSON.stringify(fault),
    });
    expect(plain.status).toBe(415);
    expect((await control("GET", "nothing")).status).toBe(404);
  });
});
