import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export type Answer =
  | string
  | { status?: number; headers?: Record<string, string>; body: string | Uint8Array };

/** A website on loopback. */
export interface Site {
  url: string;
  port: number;
  /** Every request so far, as `GET /path`. */
  requests: string[];
  close(): Promise<void>;
}

/** `pages` by path; one that is missing answers 404. */
export async function startSite(
  pages:
    | Readonly<Record<string, Answer | (() => Answer)>>
    | ((request: IncomingMessage, response: ServerResponse) => void),
): Promise<Site> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (typeof pages === "function") return pages(request, response);
    const page = pages[(request.url ?? "").split("?", 1)[0] ?? ""];
    const answer = typeof page === "function" ? page() : page;
    if (answer === undefined) {
      response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not here</h1>");
      return;
    }
    const { status = 200, headers = {}, body } = typeof answer === "string" ? { body: answer } : answer;
    response.writeHead(status, { "content-type": "text/html; charset=utf-8", ...headers }).end(body);
  });
  server.on("upgrade", (request, socket) => {
    requests.push(`UPGRADE ${request.url}`);
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Counts datagrams that arrive at a port of loopback. */
export async function startUdpListener(): Promise<{
  port: number;
  received(): number;
  close(): Promise<void>;
}> {
  const socket = createSocket("udp4");
  let received = 0;
  socket.on("message", () => {
    received += 1;
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    port: socket.address().port,
    received: () => received,
    close: async () => {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}
