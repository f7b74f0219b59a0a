import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { VirtualClock } from "./clock.ts";
import { CONTROL_PREFIX, controlRoutes } from "./control-routes.ts";
import { type ActiveFault, FaultBook } from "./faults.ts";
import { parseBody, readBody } from "./read-body.ts";
import { type JsonReply, json, type Reply } from "./reply.ts";
import { RequestLog } from "./request-log.ts";
import { type DoubleRequest, findRoute, type Route } from "./router.ts";
import { pause, sendFault, sendReply } from "./send.ts";

const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** What one provider adds to the common base. */
export interface ProviderDefinition {
  name: string;
  routes: readonly Route[];
  /** Control endpoints of this double alone, under `/__double/<name>/`. */
  controlRoutes: readonly Route[];
  /** Names of the misbehaviours only this provider has; they reach a handler as `providerFault`. */
  providerFaults: readonly string[];
  /** Everything that exists at the provider now, without secrets and people's words. */
  inventory(): unknown;
  /** Takes over a connection that asks for another protocol (a websocket) and closes it before the server closes. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The provider's own error for: no such route, a body that is not JSON or too large, too many requests. */
  errors: {
    notFound(method: string, path: string): JsonReply;
    badRequest(message: string): JsonReply;
    throttled(retryAfterSeconds: number | undefined): JsonReply;
  };
}

export interface DoubleServer {
  /** `http://127.0.0.1:<port>` */
  origin: string;
  faults: FaultBook;
  log: RequestLog;
  state(): unknown;
  /** Breaks off whatever is in flight and stops listening. */
  close(): Promise<void>;
}

interface Parts {
  provider: ProviderDefinition;
  control: readonly Route[];
  clock: VirtualClock;
  faults: FaultBook;
  log: RequestLog;
}

/** Serves a provider double on loopback. Port 0 takes a free one. Rejects when the port is taken. */
export async function serveDouble(
  provider: ProviderDefinition,
  clock: VirtualClock,
  port: number,
): Promise<DoubleServer> {
  const faults = new FaultBook(provider.providerFaults);
  const log = new RequestLog();
  const inventory = () => provider.inventory();
  const control = [
    ...controlRoutes({ name: provider.name, clock, faults, log, inventory }),
    ...provider.controlRoutes,
  ];
  const parts: Parts = { provider, control, clock, faults, log };

  const server = createServer((request, response) => {
    answer(parts, request, response).catch((error: unknown) => reportFailure(provider.name, response, error));
  });
  if (provider.upgrade) {
    server.on("upgrade", (request, socket, head) => provider.upgrade?.(request, socket, head));
  }
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the double has no TCP address");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    faults,
    log,
    state: inventory,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function answer(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const method = request.method ?? "GET";
  const url = new URL(request.url ?? "/", "http://double");
  const isControl = url.pathname.startsWith(CONTROL_PREFIX);

  let rawBody: Buffer | undefined;
  try {
    rawBody = await readBody(request, MAX_BODY_BYTES);
  } catch {
    // The client broke off while sending: nobody is left to answer and nothing has happened.
    return;
  }
  const badRequest = isControl ? (error: string) => json(400, { error }) : parts.provider.errors.badRequest;
  if (!rawBody) {
    await sendReply(response, badRequest("The request body is too large"), gone.signal);
    return;
  }

  const handle = (providerFault?: string): Reply => {
    const found = findRoute(isControl ? parts.control : parts.provider.routes, method, url.pathname);
    if (!found) {
      return isControl
        ? json(404, { error: "no such control endpoint" })
        : parts.provider.errors.notFound(method, url.pathname);
    }
    let body: unknown;
    try {
      body = parseBody(request.headers["content-type"], rawBody);
    } catch {
      // A SyntaxError would only quote the body, which may hold people's words.
      return badRequest("The request body is not valid JSON");
    }
    const { headers } = request;
    const { pathname: path, searchParams: query } = url;
    const handed: DoubleRequest = {
      method,
      path,
      params: found.params,
      query,
      headers,
      rawBody,
      body,
      providerFault,
    };
    return found.route.handle(handed);
  };

  if (isControl) {
    await sendReply(response, handle(), gone.signal);
    return;
  }
  const active = parts.faults.take(method, url.pathname, rawBody.toString("utf8"));
  const fault = active ? `${active.position} ${active.fault.kind}` : null;
  const entry = parts.log.begin({ method, path: url.pathname, fault, at: parts.clock.nowIso() });
  entry.status = await answerWithFault(parts.provider, response, active, handle, gone.signal);
}

/** Runs the handler with the fault before or after it. Returns the status that the client was sent. */
async function answerWithFault(
  provider: ProviderDefinition,
  response: ServerResponse,
  active: ActiveFault | undefined,
  handle: (providerFault?: string) => Reply,
  signal: AbortSignal,
): Promise<number | null> {
  const fault = active?.fault;
  const isBefore = active?.position === "before";
  if (fault && isBefore && fault.kind !== "latency" && fault.kind !== "provider") {
    return sendFault(response, fault, null, provider.errors.throttled, signal);
  }
  if (fault?.kind === "latency" && isBefore) await pause(fault.ms, signal);

  const reply = fault?.kind === "provider" ? handle(fault.name) : handle();
  if (fault && !isBefore && fault.kind !== "latency" && fault.kind !== "provider") {
    return sendFault(response, fault, reply, provider.errors.throttled, signal);
  }
  if (fault?.kind === "latency" && !isBefore) await pause(fault.ms, signal);
  return sendReply(response, reply, signal);
}

/** A defect of the double itself: said on stderr by kind and place only, as its text may quote a body. */
function reportFailure(double: string, response: ServerResponse, error: unknown): void {
  const kind = error instanceof Error ? error.name : typeof error;
  const frames = error instanceof Error ? (error.stack?.match(/^ {4}at .+$/gm) ?? []).slice(0, 5) : [];
  process.stderr.write(
    `${JSON.stringify({ level: "error", event: "double.failed", double, kind, frames })}\n`,
  );
  response.destroy();
}
