import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from "node:http";
import { connect, type Socket } from "node:net";
import { type Duplex, Transform } from "node:stream";
import { PROXY_LIMITS } from "../limits.ts";
import { createGuard, type Destination, type NetworkRules, RefusedError } from "./guard.ts";

/**
 * The only way of the browser to the network: a forward proxy on loopback. It sees every request, whatever in a page made it,
 * resolves the name itself and connects to the address that it has checked.
 */
export interface GuardProxy {
  port: number;
  /** Hosts that were refused since the last call, each with the reason. */
  takeRefusals(): string[];
  close(): Promise<void>;
}

const REFUSAL = "The browser may only open addresses of the public internet.\n";
const NO_ANSWER = "The address does not answer.\n";
/** Headers about one connection (RFC 9110, 7.6.1), and what is meant for a proxy. */
const HOP_HEADERS = [
  "connection",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

export async function startGuardProxy(rules: NetworkRules): Promise<GuardProxy> {
  const guard = createGuard(rules);
  const tunnels = new Set<Duplex>();
  let refusals = new Set<string>();

  /** undefined when it may not be reached, or cannot be resolved. */
  const permit = async (
    host: string,
    check: () => Promise<Destination>,
  ): Promise<Destination | "refused" | "unknown"> => {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof RefusedError)) return "unknown";
      if (refusals.size < PROXY_LIMITS.refusals) refusals.add(`${host} (${error.message})`);
      return "refused";
    }
  };

  const server = createServer((incoming, response) => {
    void answer(incoming, response);
  });
  server.maxConnections = PROXY_LIMITS.connections;
  server.on("connect", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    tunnels.add(socket);
    socket.once("close", () => tunnels.delete(socket));
    void tunnel(incoming.url ?? "", socket, head);
  });

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: target = "" } = incoming;
    if (!URL.canParse(target)) return refuse(response, 400, "This is a proxy.\n");
    const url = new URL(target);
    const to = await permit(url.host, () => guard.ofRequest(url));
    if (to === "refused") return refuse(response, 403, REFUSAL);
    if (to === "unknown") return refuse(response, 502, NO_ANSWER);
    const upstream = request({
      host: to.address,
      port: to.port,
      method: incoming.method,
      path: `${url.pathname}${url.search}`,
      headers: { ...endToEnd(incoming.headers), host: url.host },
      agent: false,
      timeout: PROXY_LIMITS.idleTimeoutMs,
    });
    upstream.on("timeout", () => upstream.destroy());
    upstream.on("error", () => {
      if (response.headersSent) response.destroy();
      else refuse(response, 502, NO_ANSWER);
    });
    upstream.on("response", (answered) => {
      response.writeHead(answered.statusCode ?? 502, endToEnd(answered.headers));
      answered.on("error", () => response.destroy());
      answered.pipe(capped(() => upstream.destroy())).pipe(response);
    });
    response.on("close", () => upstream.destroy());
    incoming.on("error", () => upstream.destroy());
    incoming.pipe(upstream);
  }

  async function tunnel(authority: string, socket: Duplex, head: Buffer): Promise<void> {
    // A browser that goes away in the middle of something ends its part only.
    socket.on("error", () => socket.destroy());
    const to = await permit(authority, () => guard.ofTunnel(authority));
    if (to === "refused" || to === "unknown") {
      socket.end(
        `HTTP/1.1 ${to === "refused" ? "403 Forbidden" : "502 Bad Gateway"}\r\ncontent-length: 0\r\n\r\n`,
      );
      return;
    }
    const upstream = connect(to.port, to.address);
    upstream.setTimeout(PROXY_LIMITS.connectTimeoutMs, () => upstream.destroy());
    upstream.on("error", () => upstream.destroy());
    upstream.once("connect", () => {
      upstream.setTimeout(PROXY_LIMITS.idleTimeoutMs);
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      join(socket, upstream, head);
    });
    socket.once("close", () => upstream.destroy());
    upstream.once("close", () => socket.destroy());
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    port: address.port,
    takeRefusals: () => {
      const taken = [...refusals];
      refusals = new Set();
      return taken;
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      for (const socket of tunnels) socket.destroy();
      await closed;
    },
  };
}

function join(socket: Duplex, upstream: Socket, head: Buffer): void {
  upstream.write(head);
  socket.pipe(upstream);
  upstream.pipe(capped(() => upstream.destroy())).pipe(socket);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" });
  response.end(text);
}

function endToEnd(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const named = String(headers.connection ?? "")
    .toLowerCase()
    .split(",");
  const dropped = new Set([...HOP_HEADERS, ...named.map((name) => name.trim())]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}

/** Lets bytes through until there are too many of them. */
function capped(onTooMany: () => void): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > PROXY_LIMITS.connectionMaxBytes) onTooMany();
      done(null, chunk);
    },
  });
}
