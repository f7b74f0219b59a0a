import { once } from "node:events";
import http2 from "node:http2";
import { gunzipSync } from "node:zlib";

const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM, NGHTTP2_INTERNAL_ERROR } = http2.constants;
const PREFIX_BYTES = 5;

/** What becomes of the messages of one call, without their gRPC framing. */
export interface Rewriting {
  request?: (message: Buffer) => Uint8Array;
  response?: (message: Buffer) => Uint8Array;
}

export interface GrpcProxy {
  /** `host:port` of the proxy. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Stands before a gRPC server without TLS and rewrites the messages of the named methods (`/service/Method`); all else
 * passes as it is. One connection to the server for each one to the proxy. For tests, on 127.0.0.1.
 */
export async function startGrpcProxy(
  target: string,
  rewritings: ReadonlyMap<string, () => Rewriting>,
): Promise<GrpcProxy> {
  const server = http2.createServer();
  const sessions = new Set<http2.Http2Session>();
  const upstreams = new WeakMap<http2.Http2Session, http2.ClientHttp2Session>();
  const keep = (session: http2.Http2Session, end: () => void) => {
    sessions.add(session);
    session.on("close", () => {
      sessions.delete(session);
      end();
    });
    // The close that follows ends the other side, which then sees a lost connection, as without the proxy.
    session.on("error", () => session.destroy());
  };
  server.on("session", (session) => {
    const upstream = http2.connect(`http://${target}`);
    upstreams.set(session, upstream);
    keep(session, () => upstream.destroy());
    keep(upstream, () => session.destroy());
  });
  server.on("stream", (stream, headers) => {
    const upstream = stream.session && upstreams.get(stream.session);
    if (!upstream || upstream.closed || upstream.destroyed) stream.close(NGHTTP2_INTERNAL_ERROR);
    else forward(upstream, stream, headers, rewritings.get(String(headers[":path"]))?.() ?? {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the proxy has no port");
  return {
    address: `127.0.0.1:${bound.port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

function forward(
  upstream: http2.ClientHttp2Session,
  stream: http2.ServerHttp2Stream,
  { "grpc-accept-encoding": _, ":authority": __, ...headers }: http2.IncomingHttpHeaders,
  { request, response }: Rewriting,
): void {
  const up = upstream.request(headers);
  let trailers: http2.OutgoingHttpHeaders = {};
  stream.on("error", () => up.close(NGHTTP2_CANCEL));
  stream.on("close", () => up.close(NGHTTP2_CANCEL));
  up.on("error", () => stream.close(NGHTTP2_INTERNAL_ERROR));
  up.on("response", (answered, flags) => {
    if (stream.destroyed) return;
    const endStream = (flags & NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(answered, endStream ? { endStream } : { waitForTrailers: true });
    if (!endStream) pass(up, stream, response);
  });
  up.on("trailers", (sent) => {
    trailers = sent;
  });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  pass(stream, up, request);
}

function pass(from: http2.Http2Stream, to: http2.Http2Stream, rewrite: Rewriting["request"]): void {
  if (!rewrite) {
    from.pipe(to);
    return;
  }
  const chunks: Buffer[] = [];
  from.on("data", (chunk: Buffer) => chunks.push(chunk));
  from.on("end", () => {
    if (!to.destroyed) to.end(reframed(Buffer.concat(chunks), rewrite));
  });
}

/** A frame is a flag that says whether it is compressed, the length in four bytes, and the message. */
function reframed(frames: Buffer, rewrite: (message: Buffer) => Uint8Array): Buffer {
  const rewritten: Uint8Array[] = [];
  for (let at = 0; at < frames.length; ) {
    const end = at + PREFIX_BYTES + frames.readUInt32BE(at + 1);
    const sent = frames.subarray(at + PREFIX_BYTES, end);
    const message = rewrite(frames[at] === 1 ? gunzipSync(sent) : sent);
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.length, 1);
    rewritten.push(prefix, message);
    at = end;
  }
  return Buffer.concat(rewritten);
}
