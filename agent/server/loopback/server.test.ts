import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startUpstream, type TestUpstream } from "../model-proxy/testing/upstream.ts";
import { CHANNEL_LIMITS, CHANNEL_PATHS, type Turn, type TurnContent } from "./channel-api.ts";
import { createLoopbackServer, type LoopbackServer } from "./server.ts";
import { aTurn, createQueuedTurns, type QueuedTurns } from "./testing/queue.ts";

const TOO_LARGE = Buffer.alloc(CHANNEL_LIMITS.fileMaxBytes + 3).toString("base64");

let upstream: TestUpstream;
let turns: QueuedTurns;
let loopback: LoopbackServer;

beforeEach(async () => {
  upstream = await startUpstream();
  turns = createQueuedTurns();
  loopback = await createLoopbackServer({
    turnSource: turns,
    model: { baseUrl: upstream.url, key: "key", modelId: "m" },
    log: () => undefined,
  });
});
afterEach(async () => {
  await loopback.close();
  await upstream.close();
});

const call = (path: string, init: RequestInit = {}, token = loopback.token): Promise<Response> =>
  fetch(`${loopback.url}${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });

const post = (path: string, body: unknown): Promise<Response> =>
  call(path, { method: "POST", body: JSON.stringify(body) });

async function next(): Promise<Turn | undefined> {
  const response = await call(CHANNEL_PATHS.next);
  return response.status === 200 ? ((await response.json()) as Turn) : undefined;
}

describe("who may come in", () => {
  it.each(["/llm/models", "/channel/turns/next", "/anything"])("%s needs the token", async (path) => {
    expect((await fetch(`${loopback.url}${path}`)).status).toBe(401);
    expect((await call(path, {}, "0".repeat(64))).status).toBe(401);
    expect((await call(path, {}, "")).status).toBe(401);
  });

  it("listens on 127.0.0.1 only and gives each gateway a token of its own", async () => {
    expect(loopback.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const old = loopback.token;
    const poll = call(CHANNEL_PATHS.next);
    const renewed = loopback.renewToken();
    expect(renewed).toMatch(/^[0-9a-f]{64}$/);
    expect(renewed).not.toBe(old);
    expect([204, 401]).toContain((await poll).status);
    expect((await call(CHANNEL_PATHS.next, {}, old)).status).toBe(401);
    void turns.run(aTurn("hello"));
    expect((await next())?.messages[0]?.text).toBe("hello");
  });

  it("knows nothing but the model and the channel", async () => {
    expect((await call("/")).status).toBe(404);
    expect((await call("/channel/turns")).status).toBe(404);
    expect((await call("/channel/turns/next", { method: "DELETE" })).status).toBe(404);
  });
});

describe("turns", () => {
  it("offers a turn until it is completed, and only then the next", async () => {
    const first = turns.run(aTurn("one"));
    void turns.run(aTurn("two"));
    const offered = await next();
    expect(offered?.messages[0]?.text).toBe("one");
    expect(await next()).toEqual(offered);
    const complete = () => post(CHANNEL_PATHS.complete(offered?.turnId ?? ""), { text: "an answer" });
    expect((await complete()).status).toBe(204);
    expect((await complete()).status).toBe(204);
    expect(await first).toEqual({ text: "an answer" });
    expect((await next())?.messages[0]?.text).toBe("two");
  });

  it("tells how long a turn has been out, and forgets it with the gateway that had it", async () => {
    expect(loopback.turnOutMs()).toBe(0);
    void turns.run(aTurn("one"));
    const offered = await next();
    await vi.waitFor(() => expect(loopback.turnOutMs()).toBeGreaterThan(20), { interval: 5 });
    await next();
    expect(loopback.turnOutMs()).toBeGreaterThan(20);
    loopback.renewToken();
    expect(loopback.turnOutMs()).toBe(0);
    await next();
    await post(CHANNEL_PATHS.complete(offered?.turnId ?? ""), { text: "an answer" });
    expect(loopback.turnOutMs()).toBe(0);
  });

  it("waits for a turn that comes later", async () => {
    const waiting = next();
    void turns.run(aTurn("late"));
    expect((await waiting)?.messages[0]?.text).toBe("late");
  });

  it("ends an older poll when a newer one comes", async () => {
    const older = call(CHANNEL_PATHS.next);
    await vi.waitFor(() => expect(turns.asked).toBe(1));
    const newer = next();
    expect((await older).status).toBe(204);
    void turns.run(aTurn("for the newer"));
    expect((await newer)?.messages[0]?.text).toBe("for the newer");
  });

  it("hands over silence, errors and messages on the way", async () => {
    const contents: TurnContent[] = [
      { kind: "text", text: "working on it" },
      { kind: "file", filename: "plan.pdf", mimeType: "application/pdf", base64: "JVBERg==" },
      { kind: "reaction", emoji: "👍🏽" },
      { kind: "reaction", emoji: "1️⃣", messageId: "m" },
    ];
    for (const content of contents) await post(CHANNEL_PATHS.messages("t/1"), { key: "k", content });
    await post(CHANNEL_PATHS.complete("t/1"), { text: null, error: "model-failed" });
    expect(turns.sent).toEqual(contents.map((content) => ({ turnId: "t/1", key: "k", content })));
    expect(turns.completed).toEqual([{ turnId: "t/1", result: { text: null, error: "model-failed" } }]);
  });

  it.each([
    ["complete", {}],
    ["complete", { text: 1 }],
    ["complete", { text: null, error: "unheard-of" }],
    ["complete", { text: "x".repeat(CHANNEL_LIMITS.textMaxChars + 1) }],
    ["messages", { content: { kind: "text", text: "no key" } }],
    ["messages", { key: "k", content: { kind: "text", text: "" } }],
    ["messages", { key: "k".repeat(CHANNEL_LIMITS.idMaxChars + 1), content: { kind: "text", text: "a" } }],
    ["messages", { key: "k", content: { kind: "call" } }],
    ["messages", { key: "k", content: { kind: "reaction", emoji: "good" } }],
    ["messages", { key: "k", content: { kind: "reaction", emoji: "👍 and more" } }],
    ["messages", { key: "k", content: { kind: "file", filename: "a", mimeType: "no type", base64: "aa==" } }],
    [
      "messages",
      { key: "k", content: { kind: "file", filename: "a", mimeType: "a/b", base64: "no" + "\n" } },
    ],
    ["messages", { key: "k", content: { kind: "file", filename: "a", mimeType: "a/b", base64: TOO_LARGE } }],
  ])("refuses a malformed %s %#", async (verb, body) => {
    expect((await post(`/channel/turns/t/${verb}`, body)).status).toBe(400);
    expect(turns.completed).toHaveLength(0);
    expect(turns.sent).toHaveLength(0);
  });

  it("refuses bodies above the limit, announced or not", async () => {
    const body = "x".repeat(CHANNEL_LIMITS.bodyMaxBytes + 1);
    expect((await call("/channel/turns/t/complete", { method: "POST", body })).status).toBe(413);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const chunked = request(
        `${loopback.url}/channel/turns/t/complete`,
        { method: "POST", headers: { authorization: `Bearer ${loopback.token}` } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      chunked.on("error", reject);
      chunked.write(body.slice(0, body.length / 2));
      chunked.end(body.slice(body.length / 2));
    });
    expect(status).toBe(413);
  });
});

describe("the probe", () => {
  const answerLikeTheGateway = async () => {
    const turn = await next();
    const text = turn?.messages[0]?.text ?? "";
    const internal = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nActive exec sessions: none";
    const answer = await post("/llm/chat/completions", {
      model: "m",
      messages: [
        { role: "system", content: "…" },
        { role: "user", content: [{ type: "text", text }] },
        { role: "user", content: internal },
      ],
    });
    const completion = (await answer.json()) as { choices: { message: { content: string } }[] };
    await post(CHANNEL_PATHS.complete(turn?.turnId ?? ""), {
      text: completion.choices[0]?.message.content ?? null,
    });
    return turn;
  };

  it("goes the whole way without asking the provider, even when the money is gone", async () => {
    loopback.breaker.trip();
    const polled = answerLikeTheGateway();
    await loopback.probe("nonce-1", AbortSignal.timeout(5_000));
    expect((await polled)?.kind).toBe("probe");
    expect(upstream.requests).toHaveLength(0);
    expect(loopback.meter()).toMatchObject({ requests: 0, answeredLocally: 1 });
  });

  it("goes first, and what people wrote comes after it", async () => {
    const probe = loopback.probe("nonce-2", AbortSignal.timeout(5_000));
    void turns.run(aTurn("hello"));
    expect((await answerLikeTheGateway())?.kind).toBe("probe");
    await probe;
    expect((await next())?.messages[0]?.text).toBe("hello");
  });

  it("answers itself only what carries the nonce, and only while the probe runs", async () => {
    const polled = answerLikeTheGateway();
    await loopback.probe("nonce-3", AbortSignal.timeout(5_000));
    await polled;
    const body = { model: "m", messages: [{ role: "user", content: "nonce-3" }] };
    await (await post("/llm/chat/completions", body)).text();
    expect(upstream.requests).toHaveLength(1);
  });

  it("fails when the turn failed or did not come back", async () => {
    const failing = expect(loopback.probe("nonce-4", AbortSignal.timeout(5_000))).rejects.toThrow(
      "dispatch-failed",
    );
    const turn = await next();
    await post(CHANNEL_PATHS.complete(turn?.turnId ?? ""), { text: null, error: "dispatch-failed" });
    await failing;
    await expect(loopback.probe("nonce-5", AbortSignal.timeout(50))).rejects.toThrow("in time");
    void turns.run(aTurn("still served"));
    expect((await next())?.messages[0]?.text).toBe("still served");
  });
});
