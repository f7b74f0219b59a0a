import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { frame } from "./grpc-message.ts";

const PREFIX_BYTES = 5;
export const MLS = "/xmtp.mls.api.v1.MlsApi/";
export const IDENTITY = "/xmtp.identity.api.v1.IdentityApi/";

export interface GrpcAnswer {
  /** Undefined when the stream was reset before it had a status. */
  readonly status: number | undefined;
  readonly messages: readonly Buffer[];
}

/** A bare gRPC client for the tests, to send what a real XMTP client never would. */
export class GrpcTestClient {
  readonly #session: ClientHttp2Session;

  constructor(url: string) {
    this.#session = connect(url);
  }

  async call(path: string, message: Uint8Array): Promise<GrpcAnswer> {
    return this.send(path, [frame(message)]);
  }

  /** Sends the chunks as they are and resolves when the stream has closed, whichever way. */
  async send(path: string, chunks: readonly Uint8Array[]): Promise<GrpcAnswer> {
    const stream = this.open(path);
    const answer = readAnswer(stream);
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    return answer;
  }

  /** Opens a stream whose request is still to be written. */
  open(path: string): ClientHttp2Stream {
    return this.#session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
  }

  async close(): Promise<void> {
    if (this.#session.destroyed) return;
    const closed = once(this.#session, "close");
    this.#session.destroy();
    await closed;
  }
}

export function readAnswer(stream: ClientHttp2Stream): Promise<GrpcAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let status: number | undefined;
    const take = (headers: Readonly<Record<string, unknown>>): void => {
      if (headers["grpc-status"] !== undefined) status = Number(headers["grpc-status"]);
    };
    stream.on("response", take);
    stream.on("trailers", take);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A reset is told by the missing status.
    stream.on("error", () => undefined);
    stream.on("close", () => resolve({ status, messages: split(Buffer.concat(chunks)) }));
  });
}

function split(data: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + PREFIX_BYTES <= data.length; ) {
    const end = at + PREFIX_BYTES + data.readUInt32BE(at + 1);
    messages.push(data.subarray(at + PREFIX_BYTES, end));
    at = end;
  }
  return messages;
}
