import type { ServerResponse } from "node:http";

/** What the proxy answers a probe with, and what a probe turn therefore comes back with. */
export const PROBE_ANSWER = "ready";

/** Answers in OpenRouter's error shape. */
export function sendModelError(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { code: status, message } }));
}

/** Answers a chat completion here, without asking the provider. */
export function sendLocalCompletion(
  response: ServerResponse,
  request: { model: string; stream: boolean },
  text: string,
): void {
  const head = { id: "gen-local", created: Math.floor(Date.now() / 1000), model: request.model };
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, cost: 0 };
  if (!request.stream) {
    const choices = [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }];
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...head, object: "chat.completion", choices, usage }));
    return;
  }
  const event = (body: object) =>
    `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", ...body })}\n\n`;
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.write(
    event({ choices: [{ index: 0, delta: { role: "assistant", content: text }, finish_reason: null }] }),
  );
  response.write(event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }));
  response.write(event({ choices: [], usage }));
  response.end("data: [DONE]\n\n");
}
