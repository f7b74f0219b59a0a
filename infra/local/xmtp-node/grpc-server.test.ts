import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { frame } from "./grpc-message.ts";
import { type GrpcServer, serveGrpc } from "./grpc-server.ts";
import {
  GRPC_INTERNAL,
  GRPC_INVALID_ARGUMENT,
  GRPC_OK,
  GRPC_RESOURCE_EXHAUSTED,
  GRPC_UNIMPLEMENTED,
  invalidArgument,
} from "./grpc-status.ts";
import { GrpcTestClient, readAnswer } from "./grpc-test-client.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";

const BIG_MESSAGE = Buffer.alloc(100_000, 1);
const BIG_MESSAGES = 200;

let server: GrpcServer;
let client: GrpcTestClient;
let produced: number;
let ended: PromiseWithResolvers<void>;

async function* produce(count: number): AsyncGenerator<Uint8Array> {
  try {
    for (; produced < count; produced += 1) yield BIG_MESSAGE;
  } finally {
    ended.resolve();
  }
}

beforeEach(async () => {
  produced = 0;
  ended = Promise.withResolvers();
  server = await serveGrpc(
    {
      "/test/Echo": { kind: "unary", answer: (request) => request },
      "/test/Refuse": {
        kind: "unary",
        answer: () => {
          throw invalidArgument("refused: ü");
        },
      },
      "/test/Break": {
        kind: "unary",
        answer: () => {
          throw new Error("broken on purpose");
        },
      },
      "/test/Produce": { kind: "streaming", answer: () => produce(BIG_MESSAGES) },
    },
    { before: async () => undefined, after: async () => undefined },
    0,
  );
  client = new GrpcTestClient(`http://127.0.0.1:${server.port}`);
});
afterEach(async () => {
  await client.close();
  await server.close();
});

describe("a call", () => {
  it("is answered, however its bytes are cut and compressed", async () => {
    const whole = frame(Buffer.from("hello"));
    const expected = { status: GRPC_OK, messages: [Buffer.from("hello")] };
    expect(await client.send("/test/Echo", [whole])).toEqual(expected);
    expect(await client.send("/test/Echo", [whole.subarray(0, 3), whole.subarray(3)])).toEqual(expected);
    const compressed = frame(gzipSync("hello")).fill(1, 0, 1);
    expect(await client.send("/test/Echo", [compressed])).toEqual(expected);
    expect(await client.call("/test/Echo", Buffer.alloc(0))).toEqual({
      status: GRPC_OK,
      messages: [Buffer.alloc(0)],
    });
  });

  it.for([
    ["an unknown method", "/test/Nothing", GRPC_UNIMPLEMENTED],
    ["a refusal", "/test/Refuse", GRPC_INVALID_ARGUMENT],
    ["an error", "/test/Break", GRPC_INTERNAL],
  ] as const)("ends with a status for %s", async ([, path, status]) => {
    expect(await client.call(path, Buffer.alloc(0))).toEqual({ status, messages: [] });
  });

  it.for([
    ["nothing", []],
    ["a cut frame", [frame(Buffer.from("hello")).subarray(0, 8)]],
    ["two messages", [frame(Buffer.from("one")), frame(Buffer.from("two"))]],
    ["bytes that are not gzip", [frame(Buffer.from("hello")).fill(1, 0, 1)]],
  ] as const)("is refused for %s", async ([, chunks]) => {
    expect(await client.send("/test/Echo", chunks)).toEqual({ status: GRPC_INVALID_ARGUMENT, messages: [] });
  });

  it("is refused when it is too large, compressed or not, and the next one is served", async () => {
    const zeros = Buffer.alloc(MAX_MESSAGE_BYTES + 1);
    expect((await client.call("/test/Echo", zeros)).status).toBe(GRPC_RESOURCE_EXHAUSTED);
    const compressed = frame(gzipSync(zeros)).fill(1, 0, 1);
    expect((await client.send("/test/Echo", [compressed])).status).toBe(GRPC_RESOURCE_EXHAUSTED);
    expect((await client.call("/test/Echo", Buffer.from("hello"))).status).toBe(GRPC_OK);
  });
});

describe("a server stream", () => {
  it("waits for a client that does not read, then delivers everything", async () => {
    const stream = client.open("/test/Produce");
    stream.end(frame(Buffer.alloc(0)));
    await once(stream, "response");
    // The server answers another call, so it has had its turn and still holds back.
    await client.call("/test/Echo", Buffer.alloc(0));
    expect(produced).toBeLessThan(BIG_MESSAGES / 2);
    const { status, messages } = await readAnswer(stream);
    expect(status).toBe(GRPC_OK);
    expect(messages).toHaveLength(BIG_MESSAGES);
  });

  it("lets go of its source when the client leaves", async () => {
    const stream = client.open("/test/Produce");
    stream.end(frame(Buffer.alloc(0)));
    await once(stream, "response");
    stream.close();
    await ended.promise;
    expect(produced).toBeLessThan(BIG_MESSAGES);
  });
});

it("refuses a port that is taken", async () => {
  const observer = { before: async () => undefined, after: async () => undefined };
  await expect(serveGrpc({}, observer, server.port)).rejects.toThrow("EADDRINUSE");
});
