import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Value } from "typebox/value";
import { FAULT, type Fault, type Faults } from "./faults.ts";
import { MAX_CONTROL_BODY_BYTES } from "./limits.ts";
import { listenOnLoopback } from "./listen.ts";
import { logEvent } from "./log-event.ts";
import type { StoreCounts } from "./store.ts";

interface NodeState extends StoreCounts {
  readonly calls: Readonly<Record<string, number>>;
  readonly faults: readonly Fault[];
}

export interface Controls {
  readonly state: () => NodeState;
  readonly faults: Faults;
}

export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves on 127.0.0.1, as JSON:
 * `GET /__node/state` counts and pending faults · `POST /__node/faults` adds a Fault (201) ·
 * `DELETE /__node/faults` clears them (204). A refusal is `{ "error": why }`.
 */
export async function serveControl(controls: Controls, port: number): Promise<ControlServer> {
  const server = createServer((request, response) => {
    answer(controls, request, response).catch((error: unknown) => {
      logEvent("control-error", { error: error instanceof Error ? error.message : String(error) });
      if (response.headersSent) response.destroy();
      else reply(response, 500, { error: "internal error" });
    });
  });
  const close = async (): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { port: await listenOnLoopback(server, port), close };
}

async function answer(controls: Controls, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = `${request.method} ${request.url}`;
  if (route === "GET /__node/state") return reply(response, 200, controls.state());
  if (route === "POST /__node/faults") return addFault(controls.faults, request, response);
  if (route === "DELETE /__node/faults") {
    controls.faults.clear();
    return reply(response, 204);
  }
  return reply(response, 404, { error: "GET /__node/state, POST or DELETE /__node/faults" });
}

async function addFault(faults: Faults, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A web page cannot send this type to another site without asking first, so no page can break the node.
  if (request.headers["content-type"] !== "application/json") {
    return reply(response, 415, { error: "content-type must be application/json" });
  }
  // The parser of node:http ends the body at the length announced. None announced is refused too.
  const announcedBytes = Number(request.headers["content-length"]);
  if (!(announcedBytes <= MAX_CONTROL_BODY_BYTES)) {
    response.setHeader("connection", "close");
    return reply(response, 413, { error: `a body has a length of at most ${MAX_CONTROL_BODY_BYTES} bytes` });
  }
  try {
    const fault: unknown = JSON.parse(await readBody(request));
    if (!Value.Check(FAULT, fault)) return reply(response, 400, { error: "not a fault" });
    faults.add(fault);
  } catch (error) {
    return reply(response, 400, { error: error instanceof RangeError ? error.message : "not JSON" });
  }
  return reply(response, 201, { faults: faults.list() });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

function reply(response: ServerResponse, status: number, body?: object): void {
  if (body === undefined) response.writeHead(status).end();
  else response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
