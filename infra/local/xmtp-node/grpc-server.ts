import { once } from "node:events";
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { frame, readRequest } from "./grpc-message.ts";
import type { GrpcMethods, StreamingMethod } from "./grpc-method.ts";
import {
  GRPC_INTERNAL,
  GRPC_INVALID_ARGUMENT,
  GRPC_OK,
  GRPC_UNIMPLEMENTED,
  GrpcError,
  StreamReset,
} from "./grpc-status.ts";
import { MAX_SESSION_MEMORY_MIB, MAX_SESSIONS, MAX_STREAMS_PER_SESSION } from "./limits.ts";
import { listenOnLoopback } from "./listen.ts";
import { logEvent } from "./log-event.ts";
import { MalformedMessage } from "./malformed-message.ts";

const HEADERS: OutgoingHttpHeaders = { ":status": 200, "content-type": "application/grpc" };

/** Stands around every call of a method that is served; it may wait, or throw GrpcError or StreamReset. */
export interface CallObserver {
  before(path: string, signal: AbortSignal): Promise<void>;
  /** The effect has taken place; for a stream, it is open. */
  after(path: string, signal: AbortSignal): Promise<void>;
}

export interface GrpcServer {
  readonly port: number;
  /** Ends all calls and connections at once. */
  close(): Promise<void>;
}

/** Serves gRPC over cleartext HTTP/2 on 127.0.0.1; port 0 takes a free one. Rejects when the port is taken. */
export async function serveGrpc(
  methods: GrpcMethods,
  observer: CallObserver,
  port: number,
): Promise<GrpcServer> {
  const server = createServer({
    maxSessionMemory: MAX_SESSION_MEMORY_MIB,
    settings: { maxConcurrentStreams: MAX_STREAMS_PER_SESSION },
  });
  server.maxConnections = MAX_SESSIONS;
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    // A client that dies resets its connection; "close" follows and ends its calls.
    session.on("error", (error) => logEvent("session-error", { error: error.message }));
  });
  server.on("stream", (stream, headers) => void new Call(stream, observer).run(methods, headers));
  return { port: await listenOnLoopback(server, port), close: () => closeServer(server, sessions) };
}

async function closeServer(server: Http2Server, sessions: ReadonlySet<ServerHttp2Session>): Promise<void> {
  const closed = once(server, "close");
  server.close();
  for (const session of sessions) session.destroy();
  await closed;
}

class Call {
  readonly #stream: ServerHttp2Stream;
  readonly #observer: CallObserver;
  readonly #gone = new AbortController();
  #trailers: OutgoingHttpHeaders = { "grpc-status": GRPC_OK };

  constructor(stream: ServerHttp2Stream, observer: CallObserver) {
    this.#stream = stream;
    this.#observer = observer;
    stream.on("wantTrailers", () => {
      if (!this.#over) stream.sendTrailers(this.#trailers);
    });
    stream.on("close", () => this.#gone.abort());
    // A client that gives up resets its stream, which is no fault of the call; "close" follows and ends it.
    stream.on("error", (error) => logEvent("stream-error", { error: error.message }));
  }

  async run(methods: GrpcMethods, headers: IncomingHttpHeaders): Promise<void> {
    const path = String(headers[":path"]);
    const method = methods[path];
    try {
      const request = await readRequest(this.#stream);
      if (!method)
        throw new GrpcError(GRPC_UNIMPLEMENTED, `${path.slice(0, 200)} is not served by this node`);
      await this.#observer.before(path, this.#gone.signal);
      if (this.#over) return;
      if (method.kind === "streaming") await this.#runStreaming(path, method, request);
      else {
        const answer = method.answer(request);
        await this.#observer.after(path, this.#gone.signal);
        this.#begin();
        if (!this.#over) this.#stream.end(frame(answer));
      }
    } catch (error) {
      if (!this.#over) this.#fail(path, error);
    }
  }

  async #runStreaming(path: string, method: StreamingMethod, request: Uint8Array): Promise<void> {
    const messages = method.answer(request, this.#gone.signal);
    this.#begin(); // The client waits for the headers before it takes the stream as open.
    await this.#observer.after(path, this.#gone.signal);
    for await (const message of messages) {
      if (this.#stream.write(frame(message))) continue;
      await once(this.#stream, "drain", { signal: this.#gone.signal });
    }
    if (!this.#over) this.#stream.end();
  }

  /** Nothing can be sent any more; true a moment before "close", which comes when everything has been let go. */
  get #over(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  #begin(): void {
    if (!this.#over) this.#stream.respond(HEADERS, { waitForTrailers: true });
  }

  #fail(path: string, error: unknown): void {
    if (error instanceof StreamReset) {
      this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    const status = statusOf(path, error);
    if (this.#stream.headersSent) {
      this.#trailers = status;
      this.#stream.end();
    } else this.#stream.respond({ ...HEADERS, ...status }, { endStream: true });
  }
}

function statusOf(path: string, error: unknown): OutgoingHttpHeaders {
  const reason = error instanceof Error ? error.message : String(error);
  let code = GRPC_INTERNAL;
  if (error instanceof GrpcError) code = error.code;
  else if (error instanceof MalformedMessage) code = GRPC_INVALID_ARGUMENT;
  else logEvent("internal-error", { path, error: reason });
  if (code === GRPC_UNIMPLEMENTED) logEvent("unimplemented", { path: path.slice(0, 200) });
  return { "grpc-status": code, "grpc-message": encodeURIComponent(reason) };
}
