import {
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Brain } from "../brain.ts";
import { sendProblem } from "../pool/problem.ts";

/** What of the model's gateway may be reached from outside: the pages of its tools, nothing that controls it. */
const PROXIED = /^\/web-tools\//;
const REQUEST_TIMEOUT_MS = 120_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** Headers of one connection, and the platform's own credentials, which the gateway must never see. */
const DROPPED = new Set([
  "authorization",
  "connection",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-pool-mac",
  "x-pool-nonce",
]);

export const isProxied = (path: string): boolean =>
  PROXIED.test(path) && !path.includes("..") && !/%2e/i.test(path);

const forwardedHeaders = (request: IncomingMessage): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(request.headers).filter(([name]) => !DROPPED.has(name)));

/** Passes a request on; a gateway that is down or too slow is answered with 502, once. */
export function proxyRequest(
  upstream: Brain["upstream"],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (upstream === undefined) {
    sendProblem(response, "gateway-unavailable");
    return;
  }
  const outgoing = httpRequest(
    {
      ...upstream,
      method: request.method,
      path: request.url,
      headers: forwardedHeaders(request),
      timeout: REQUEST_TIMEOUT_MS,
    },
    (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, incoming.headers);
      incoming.pipe(response);
    },
  );
  outgoing.on("timeout", () => outgoing.destroy(new Error("the gateway took too long")));
  outgoing.on("error", () => {
    // Which error it was is of no use to the caller, and its text may hold an address.
    if (response.headersSent) response.destroy();
    else sendProblem(response, "gateway-unavailable");
  });
  response.on("close", () => outgoing.destroy());
  request.pipe(outgoing);
}

/** Joins a WebSocket to the gateway's. It may be silent for as long as it likes. */
export function proxyUpgrade(
  upstream: Brain["upstream"],
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  socket.on("error", () => socket.destroy());
  if (upstream === undefined) {
    refuseUpgrade(socket, "502 Bad Gateway");
    return;
  }
  const gateway = connect(upstream);
  gateway.setTimeout(CONNECT_TIMEOUT_MS, () => gateway.destroy());
  gateway.on("error", () => socket.destroy());
  gateway.on("close", () => socket.destroy());
  socket.on("close", () => gateway.destroy());
  // Half of a WebSocket is none: whoever ends its side ends both.
  socket.on("end", () => gateway.destroy());
  gateway.on("end", () => socket.end());
  gateway.on("connect", () => {
    gateway.setTimeout(0);
    const headers = {
      ...forwardedHeaders(request),
      connection: "Upgrade",
      upgrade: "websocket",
      host: upstream.host,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
    gateway.write([`GET ${request.url} HTTP/1.1`, ...lines, "", ""].join("\r\n"));
    gateway.write(head);
    gateway.pipe(socket).pipe(gateway);
  });
}

export function refuseUpgrade(socket: Duplex, statusLine: string): void {
  socket.on("error", () => socket.destroy());
  socket.end(`HTTP/1.1 ${statusLine}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
