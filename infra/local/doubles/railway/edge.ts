import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import Type from "typebox";
import { Collection } from "../base/collection.ts";
import type { RecordStore } from "../base/record-store.ts";

/** The address of local domains; the path's first segment is a service's, as a host name would be. */
export interface Edge {
  /** `127.0.0.1:<port>` */
  host: string;
  close(): Promise<void>;
}

/**
 * Passes `http://127.0.0.1:<port>/<label>/<path>` on to the container behind the label. The port is kept with the
 * state, because the domains that were given out name it. Rejects when it is taken.
 */
export async function startEdge(
  store: RecordStore,
  urlOfDomain: (domain: string) => string | undefined | null,
): Promise<Edge> {
  const ports = new Collection(store, "edge", Type.Integer());
  const server = createServer((request, response) =>
    pass(`127.0.0.1:${port}`, urlOfDomain, request, response),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(ports.get("port") ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the edge has no TCP address");
  const { port } = address;
  ports.put("port", port);
  return {
    host: `127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

/** `urlOfDomain`: null when there is no such domain, undefined when nothing listens behind it. */
function pass(
  host: string,
  urlOfDomain: (domain: string) => string | undefined | null,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const [, label, rest] = /^\/([^/?]+)(.*)$/.exec(request.url ?? "/") ?? [];
  const upstream = urlOfDomain(`${host}/${label}`);
  if (upstream === null) refuse(response, 404, "Application not found");
  else if (upstream === undefined) refuse(response, 502, "Application failed to respond");
  else forwardTo(new URL(upstream), rest ?? "", request, response);
}

function forwardTo(target: URL, rest: string, request: IncomingMessage, response: ServerResponse): void {
  const outgoing = forward(
    {
      host: target.hostname,
      port: target.port,
      path: `${target.pathname.replace(/\/$/, "")}${rest}`,
      method: request.method,
      headers: { ...request.headers, host: target.host },
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  outgoing.once("error", () => {
    // The container broke off: after the head the caller can only see a broken connection.
    if (response.headersSent) response.destroy();
    else refuse(response, 502, "Application failed to respond");
  });
  response.once("close", () => outgoing.destroy());
  request.pipe(outgoing);
}

function refuse(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify({ status: "error", code, message }));
}
