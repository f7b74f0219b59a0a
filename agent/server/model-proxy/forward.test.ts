import { createServer, type Server, type ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createMoneyBreaker } from "./breaker.ts";
import { FORWARD_LIMITS } from "./forward.ts";
import type { Usage } from "./meter.ts";
import { createModelProxy, type ModelProxy } from "./proxy.ts";
import { sendCompletion, sendRefusal, startUpstream, type TestUpstream } from "./testing/upstream.ts";

const breaker = createMoneyBreaker();
let upstream: TestUpstream;
let proxy: ModelProxy;
let server: Server;
let usages: Usage[];

beforeEach(async () => {
  breaker.reset();
  usages = [];
  upstream = await startUpstream();
  proxy = createModelProxy({
    upstream: { baseUrl: upstream.url, key: "key", modelId: "m" },
    breaker,
    onToolCall: () => undefined,
    onUsage: (usage) => usages.push(usage),
    retryAfterMs: [1, 1],
  });
  server = createServer((request, response) => void proxy.handle(request, response, request.url ?? ""));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  proxy.cut();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await upstream.close();
});

function ask(): Promise<Response> {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return fetch(`http://127.0.0.1:${address.port}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "m", stream: true, messages: [{ role: "user", content: "hello" }] }),
  });
}
/** Answers each request with the next of these, and every further one with the last. */
function answerWith(...answers: ((response: ServerResponse) => void)[]): void {
  upstream.answer = (response) => (answers[upstream.requests.length - 1] ?? answers.at(-1))?.(response);
}
const refusing =
  (status: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendRefusal(response, status, "no");
  };
const completing = (response: ServerResponse): void => sendCompletion(response, "at last");

it.each([429, 502, 503, 529])(
  "asks again while a provider answers %i, and counts what is paid once",
  async (status) => {
    answerWith(refusing(status), refusing(status), completing);
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("at last");
    expect(upstream.requests).toHaveLength(3);
    expect(new Set(upstream.requests.map(({ body }) => body)).size).toBe(1);
    expect(proxy.meter.read()).toMatchObject({ requests: 3, promptTokens: 12 });
    expect(usages).toHaveLength(1);
  },
);

it("passes the last refusal on when the provider stays overloaded", async () => {
  answerWith(refusing(503));
  expect((await ask()).status).toBe(503);
  expect(upstream.requests).toHaveLength(1 + FORWARD_LIMITS.retryAfterMs.length);
});

it.each([
  ["longer than anybody waits", "3600", 1],
  ["which is past", "0", 3],
  ["as a date", new Date().toUTCString(), 3],
  ["that is nonsense", "-5", 3],
])("heeds a time to come back that is %s", async (_, retryAfter, requests) => {
  answerWith(refusing(429, { "retry-after": retryAfter }));
  const answer = await ask();
  expect(answer.status).toBe(429);
  expect(answer.headers.get("retry-after")).toBe(retryAfter);
  expect(upstream.requests).toHaveLength(requests);
});

it.each([400, 402, 403, 404, 500])("does not repeat what is answered with %i", async (status) => {
  answerWith(refusing(status));
  expect((await ask()).status).toBe(status);
  expect(upstream.requests).toHaveLength(1);
  expect(breaker.open).toBe(status === 402);
});

it("asks no more when the money has run out meanwhile", async () => {
  answerWith((response) => {
    breaker.trip();
    refusing(503)(response);
  });
  expect((await ask()).status).toBe(503);
  expect(upstream.requests).toHaveLength(1);
});

it("does not count the same twice where each piece tells the usage of all so far", async () => {
  const piece = (promptTokens: number, completionTokens: number, cost: number): string =>
    `data: ${JSON.stringify({
      choices: [],
      usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens, cost },
    })}\n\n`;
  answerWith((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(piece(10, 1, 0.25) + piece(10, 2, 0.5) + piece(10, 3, 0.5));
  });
  await (await ask()).text();
  expect(proxy.meter.read()).toMatchObject({ promptTokens: 10, completionTokens: 3, costUsd: 0.5 });
  expect(usages).toHaveLength(3);
  expect(usages.reduce((sum, { costUsd }) => sum + costUsd, 0)).toBe(0.5);
});

it("stops waiting when the client has gone", async () => {
  const asked = Promise.withResolvers<void>();
  answerWith((response) => {
    refusing(503, { "retry-after": "9" })(response);
    asked.resolve();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const client = new AbortController();
  const answer = fetch(`http://127.0.0.1:${address.port}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "m", messages: [] }),
    signal: client.signal,
  });
  await asked.promise;
  client.abort();
  await expect(answer).rejects.toThrow();
  // A second request ends at once, and the first has asked no more.
  answerWith(completing);
  await (await ask()).text();
  expect(upstream.requests).toHaveLength(2);
});
