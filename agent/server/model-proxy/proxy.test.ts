import { once } from "node:events";
import { request, type ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MODEL, TestDouble } from "../../../infra/local/doubles/openrouter/testing.ts";
import { createLoopbackServer, type LoopbackServer } from "../loopback/server.ts";
import { createQueuedTurns } from "../loopback/testing/queue.ts";
import { CREDIT_CHECK } from "./credit-check.ts";
import { MODEL_PROXY_LIMITS } from "./proxy.ts";
import {
  beginStream,
  endStream,
  sendCompletion,
  sendRefusal,
  startUpstream,
  type TestUpstream,
} from "./testing/upstream.ts";

const KEY = "sk-or-v1-the-agents-own";

let upstream: TestUpstream;
let loopback: LoopbackServer;
let outOfMoney: number;

beforeEach(async () => {
  outOfMoney = 0;
  upstream = await startUpstream();
  loopback = await createLoopbackServer({
    turnSource: createQueuedTurns(),
    model: { baseUrl: upstream.url, key: KEY, modelId: "m" },
    onOutOfMoney: () => {
      outOfMoney += 1;
    },
    log: () => undefined,
  });
});
afterEach(async () => {
  await loopback.close();
  await upstream.close();
});

const call = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${loopback.url}/llm${path}`, {
    ...init,
    headers: { authorization: `Bearer ${loopback.token}`, "content-type": "application/json" },
  });

const ask = (text: string, fields: object = {}): Promise<Response> =>
  call("/chat/completions", {
    method: "POST",
    body: JSON.stringify({
      model: "m",
      stream: true,
      messages: [{ role: "user", content: text }],
      ...fields,
    }),
  });

describe("passing on", () => {
  it("replaces the key and passes the stream through as it comes", async () => {
    const held = Promise.withResolvers<ServerResponse>();
    upstream.answer = (response) => {
      beginStream(response, "first words");
      held.resolve(response);
    };
    const answer = await ask("hello");
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let seen = "";
    while (!seen.includes("first words")) seen += (await reader?.read())?.value ?? "";
    expect(seen).not.toContain("[DONE]");
    endStream(await held.promise);
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) seen += part.value;

    expect(seen).toContain("[DONE]");
    expect(upstream.requests).toMatchObject([
      { method: "POST", path: "/api/v1/chat/completions", authorization: `Bearer ${KEY}` },
    ]);
    expect(upstream.requests[0]?.body).toContain("hello");
  });

  it("counts what a stream and a document say they cost", async () => {
    await (await ask("one")).text();
    upstream.answer = (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 1, cost: 0.25 } }),
      );
    };
    await (await ask("two", { stream: false })).text();

    const { costUsd, ...counts } = loopback.meter();
    expect(counts).toEqual({ requests: 2, answeredLocally: 0, promptTokens: 17, completionTokens: 4 });
    expect(costUsd).toBeCloseTo(0.251, 9);
  });

  it("stops asking when the client has gone", async () => {
    const gone = Promise.withResolvers<void>();
    upstream.answer = (response) => {
      response.once("close", () => gone.resolve());
      beginStream(response, "a long answer begins");
    };
    const client = new AbortController();
    const answer = await fetch(`${loopback.url}/llm/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${loopback.token}` },
      body: JSON.stringify({ model: "m", messages: [] }),
      signal: client.signal,
    });
    expect(answer.status).toBe(200);
    client.abort();
    await gone.promise;
  });

  it("says no more than that the model could not be reached", async () => {
    upstream.answer = (response) => {
      response.destroy();
    };
    const answer = await ask("hello");
    expect(answer.status).toBe(502);
    expect(await answer.text()).toBe('{"error":{"code":502,"message":"the model could not be reached"}}');
  });

  it.each([
    ["GET", "/key"],
    ["GET", "/credits"],
    ["POST", "/keys"],
    ["POST", "/embeddings"],
    ["POST", "/audio/transcriptions"],
    ["DELETE", "/chat/completions"],
    ["GET", "/models/../key"],
    ["GET", "/models%2f..%2fkey"],
  ])("does not pass on %s %s", async (method, path) => {
    expect((await call(path, { method })).status).toBe(404);
    expect(upstream.requests).toHaveLength(0);
  });

  it("asks for no other model than its own, and for nothing that would choose or add one", async () => {
    const overrides = {
      models: ["dear"],
      plugins: [{ id: "web" }],
      provider: { only: ["dear"] },
      route: "fallback",
    };
    await (await ask("hello", { model: "dear", ...overrides, temperature: 0 })).text();
    expect(JSON.parse(upstream.requests[0]?.body ?? "")).toEqual({
      model: "m",
      stream: true,
      temperature: 0,
      messages: [{ role: "user", content: "hello" }],
    });
  });

  it("refuses what is too large or not a chat", async () => {
    const large = "x".repeat(MODEL_PROXY_LIMITS.requestMaxBytes + 1);
    expect((await call("/chat/completions", { method: "POST", body: large })).status).toBe(413);
    expect((await call("/chat/completions", { method: "POST", body: "no json" })).status).toBe(400);
    expect(upstream.requests).toHaveLength(0);
  });

  it("lets no more requests out at once than the limit", async () => {
    const held: ServerResponse[] = [];
    upstream.answer = (response) => {
      held.push(response);
    };
    const calls = Array.from({ length: MODEL_PROXY_LIMITS.maxConcurrent }, () => ask("wait"));
    await vi.waitFor(() => expect(held).toHaveLength(MODEL_PROXY_LIMITS.maxConcurrent), 5_000);
    expect((await ask("one more")).status).toBe(429);
    for (const response of held) sendCompletion(response, "done");
    expect((await Promise.all(calls)).map((answer) => answer.status)).toEqual(calls.map(() => 200));
    upstream.answer = (response) => sendCompletion(response, "again");
    expect((await ask("now")).status).toBe(200);
  });

  it("counts requests that are still being sent, and takes no more bytes at once than the limit", async () => {
    const { requestMaxBytes, heldMaxBytes, maxConcurrent } = MODEL_PROXY_LIMITS;
    const headers = { authorization: `Bearer ${loopback.token}` };
    /** A request whose end is not sent yet; `status` resolves with 0 when the connection breaks. */
    const begin = (bytes: number) => {
      const sending = request(`${loopback.url}/llm/chat/completions`, { method: "POST", headers });
      const status = new Promise<number>((resolve) => {
        sending.once("error", () => resolve(0));
        sending.once("response", (answer) => resolve(answer.resume().statusCode ?? 0));
      });
      sending.write(Buffer.alloc(bytes));
      return { sending, status };
    };
    const fitting = Array.from({ length: heldMaxBytes / requestMaxBytes }, () => begin(requestMaxBytes - 8));
    const requests = [...fitting, begin(1_024)];
    const refused: number[] = [];
    for (const [index, { status }] of requests.entries()) void status.then(() => refused.push(index));
    await vi.waitFor(() => expect(refused).toHaveLength(1), 10_000);
    const held = requests.filter((_, index) => index !== refused[0]);
    expect([413, 0]).toContain(await requests[refused[0] ?? 0]?.status);

    while (held.length < maxConcurrent) held.push(begin(1));
    await vi.waitFor(async () => expect((await ask("one more")).status).toBe(429), 5_000);
    for (const { sending } of held) sending.end();
    for (const { status } of held) expect(await status).toBe(400);
    expect((await ask("now")).status).toBe(200);
  });
});

describe("the breaker", () => {
  it.each([
    [402, "Insufficient credits. Add more using the website"],
    [403, "Key limit exceeded (total limit). Manage it in the settings"],
    [403, "Workspace monthly budget of $5 exceeded."],
  ])("opens at %i %s, and nothing leaves the agent until it is reset", async (status, message) => {
    upstream.answer = (response) => sendRefusal(response, status, message);
    expect((await ask("a")).status).toBe(status);
    expect(loopback.breaker.open).toBe(true);
    for (let i = 0; i < 3; i += 1) {
      const answer = await ask("b");
      expect(answer.status).toBe(402);
      expect(await answer.json()).toMatchObject({ error: { code: 402 } });
    }
    expect((await call("/models")).status).toBe(402);
    expect(upstream.requests).toHaveLength(1);
    expect(outOfMoney).toBe(1);

    loopback.breaker.reset();
    upstream.answer = (response) => sendCompletion(response, "paid");
    expect((await ask("c")).status).toBe(200);
    expect(upstream.requests).toHaveLength(2);
  });

  it("opens at a refusal inside a stream that began well", async () => {
    upstream.answer = (response) => {
      beginStream(response, "so far");
      response.end(
        `data: ${JSON.stringify({ error: { code: 402, message: "no credits" }, choices: [] })}\n\n`,
      );
    };
    await (await ask("a")).text();
    expect(loopback.breaker.open).toBe(true);
  });

  it("closes when the key has money again, which is asked once in a while and is no model call", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const provider = await TestDouble.start({ recordRequests: true });
    const { secret, hash } = await provider.createKey({ limit: 0 });
    const server = await createLoopbackServer({
      turnSource: createQueuedTurns(),
      model: { baseUrl: provider.double.url, key: secret, modelId: MODEL },
      log: () => undefined,
    });
    try {
      const chat = () =>
        fetch(`${server.url}/llm/chat/completions`, {
          method: "POST",
          headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
          body: JSON.stringify({ messages: [{ role: "user", content: "hello" }], model: MODEL }),
        });
      expect([402, 403]).toContain((await chat()).status);
      expect(server.breaker.open).toBe(true);
      const { requests } = server.meter();
      const asked = vi.spyOn(globalThis, "fetch");
      await vi.advanceTimersByTimeAsync(CREDIT_CHECK.intervalMs);
      await vi.waitFor(() => expect(asked.mock.settledResults).toMatchObject([{ type: "fulfilled" }]));
      expect(String(asked.mock.calls[0]?.[0])).toBe(`${provider.double.url}/key`);
      expect(server.breaker.open).toBe(true);

      await provider.manage("PATCH", `/keys/${hash}`, { limit: 5 });
      await vi.waitFor(async () => {
        await vi.advanceTimersByTimeAsync(CREDIT_CHECK.intervalMs);
        expect(server.breaker.open).toBe(false);
      }, 5_000);
      expect(server.meter().requests).toBe(requests);
      asked.mockClear();
      await vi.advanceTimersByTimeAsync(10 * CREDIT_CHECK.intervalMs);
      expect(asked).not.toHaveBeenCalled();
      expect((await chat()).status).toBe(200);
    } finally {
      vi.restoreAllMocks();
      vi.useRealTimers();
      await server.close();
      await provider.close();
    }
  });

  it("stays closed at refusals that are not about money", async () => {
    for (const [status, message] of [
      [403, "Your input was flagged"],
      [429, "Rate limit reached"],
      [500, "Internal"],
    ] as const) {
      upstream.answer = (response) => sendRefusal(response, status, message);
      expect((await ask("a")).status).toBe(status);
    }
    expect(loopback.breaker.open).toBe(false);
    expect(outOfMoney).toBe(0);
  });
});

describe("the cut", () => {
  it("breaks off what is in flight and refuses everything after it", async () => {
    const closed = Promise.withResolvers<void>();
    upstream.answer = (response) => {
      response.once("close", () => closed.resolve());
      beginStream(response, "and so");
    };
    const answer = await ask("a");
    loopback.cut();
    await closed.promise;
    await expect(answer.text()).rejects.toThrow();
    const refused = await ask("b");
    expect(refused.status).toBe(403);
    expect(upstream.requests).toHaveLength(1);
  });

  it("breaks off a request that has no answer yet", async () => {
    const arrived = Promise.withResolvers<ServerResponse>();
    upstream.answer = (response) => arrived.resolve(response);
    const pending = ask("a");
    const response = await arrived.promise;
    const closed = once(response, "close");
    loopback.cut();
    expect((await pending).status).toBe(403);
    await closed;
  });
});
