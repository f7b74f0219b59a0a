import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface UpstreamRequest {
  method: string;
  path: string;
  authorization: string;
  body: string;
}

export interface TestUpstream {
  /** As a base URL of the model API. */
  url: string;
  requests: UpstreamRequest[];
  /** What the next requests are answered with. */
  answer: (response: ServerResponse, request: UpstreamRequest) => void | Promise<void>;
  close(): Promise<void>;
}

/** A model provider whose answers a test writes by hand. */
export async function startUpstream(): Promise<TestUpstream> {
  const server = createServer((request, response) => void serve(request, response));
  async function serve(request: IncomingMessage, response: ServerResponse) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const seen = {
      method: request.method ?? "",
      path: request.url ?? "",
      authorization: request.headers.authorization ?? "",
      body: Buffer.concat(chunks).toString("utf8"),
    };
    upstream.requests.push(seen);
    await upstream.answer(response, seen);
  }
  const upstream: TestUpstream = {
    url: "",
    requests: [],
    answer: (response) => sendCompletion(response, "hello"),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  upstream.url = `http://127.0.0.1:${address.port}/api/v1/`;
  return upstream;
}

const event = (body: object) => `data: ${JSON.stringify(body)}\n\n`;
const chunk = (content: string, finish: string | null = null) =>
  event({ id: "gen", choices: [{ index: 0, delta: { content }, finish_reason: finish }] });

export function beginStream(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(": OPENROUTER PROCESSING\n\n");
  response.write(chunk(text));
}

export function endStream(response: ServerResponse, costUsd = 0.001): void {
  response.write(chunk("", "stop"));
  response.write(
    event({ id: "gen", choices: [], usage: { prompt_tokens: 12, completion_tokens: 3, cost: costUsd } }),
  );
  response.end("data: [DONE]\n\n");
}

/** A streamed chat completion with a cost of 0.001 USD. */
export function sendCompletion(response: ServerResponse, text: string): void {
  beginStream(response, text);
  endStream(response);
}

export function sendRefusal(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { code: status, message } }));
}
