import type { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { GRPC_RESOURCE_EXHAUSTED, GrpcError, invalidArgument } from "./grpc-status.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";

/** A gRPC message on the wire: one byte that says whether it is compressed, its length, the message. */
const PREFIX_BYTES = 5;

export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed.writeUInt8(0, 0);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** The one message of a unary or server-streaming request. Throws GrpcError; an oversize body is not kept. */
export async function readRequest(body: Readable): Promise<Uint8Array> {
  const framed = await collect(body);
  if (framed.length < PREFIX_BYTES || framed.length !== PREFIX_BYTES + framed.readUInt32BE(1)) {
    throw invalidArgument("the request is not one gRPC message");
  }
  const message = framed.subarray(PREFIX_BYTES);
  return framed[0] === 0 ? message : decompress(message);
}

function collect(body: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    body.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= PREFIX_BYTES + MAX_MESSAGE_BYTES) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(new GrpcError(GRPC_RESOURCE_EXHAUSTED, `a request is at most ${MAX_MESSAGE_BYTES} bytes`));
      }
    });
    body.on("end", () => resolve(Buffer.concat(chunks)));
    body.on("close", () => reject(invalidArgument("the request ended early")));
  });
}

function decompress(message: Uint8Array): Uint8Array {
  try {
    return gunzipSync(message, { maxOutputLength: MAX_MESSAGE_BYTES });
  } catch (cause) {
    const tooLarge = cause instanceof RangeError;
    if (tooLarge)
      throw new GrpcError(GRPC_RESOURCE_EXHAUSTED, `a request is at most ${MAX_MESSAGE_BYTES} bytes`);
    throw invalidArgument("the request is not gzip");
  }
}
