import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MODEL, TestDouble } from "./testing.ts";

let test: TestDouble;
let secret: string;
beforeEach(async () => {
  test = await TestDouble.start({ recordRequests: true });
  ({ secret } = await test.createKey());
});
afterEach(() => test.close());

const TOOLS = [
  { type: "function", function: { name: "lookup", description: "", parameters: { type: "object" } } },
];

interface Streamed {
  comments: string[];
  chunks: { at(...path: (string | number)[]): unknown }[];
  isDone: boolean;
  headers: Headers;
}

async function stream(text: string, fields: Record<string, unknown> = {}): Promise<Streamed> {
  const messages = [{ role: "user", content: text }];
  const body = { model: MODEL, messages, stream: true, ...fields };
  const response = await test.fetch("POST", "/chat/completions", secret, body);
  const events = (await response.text()).split("\n\n").filter((event) => event !== "");
  const data = events.filter((event) => event.startsWith("data: ")).map((event) => event.slice(6));
  return {
    comments: events.filter((event) => event.startsWith(":")),
    chunks: data
      .filter((event) => event !== "[DONE]")
      .map((event) => {
        const parsed: unknown = JSON.parse(event);
        return {
          at: (...path) =>
            path.reduce<unknown>(
              (value, step) =>
                typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined,
              parsed,
            ),
        };
      }),
    isDone: data.at(-1) === "[DONE]",
    headers: response.headers,
  };
}

const textOf = (streamed: Streamed): string =>
  streamed.chunks.map((chunk) => chunk.at("choices", 0, "delta", "content") ?? "").join("");

describe("a whole answer", () => {
  it("has OpenRouter's shape", async () => {
    const answer = await test.chat(secret, "hello");
    expect(answer.status).toBe(200);
    expect(answer.at("id")).toMatch(/^gen-\d+-\w+$/);
    expect([answer.at("object"), answer.at("model"), answer.at("provider")]).toEqual([
      "chat.completion",
      MODEL,
      "Local stand-in",
    ]);
    expect(answer.at("choices", 0)).toMatchObject({
      index: 0,
      finish_reason: "stop",
      message: { role: "assistant", content: expect.stringContaining("local stand-in") },
    });
    const total =
      Number(answer.at("usage", "prompt_tokens")) + Number(answer.at("usage", "completion_tokens"));
    expect(answer.at("usage", "total_tokens")).toBe(total);
    const prompt = Number(answer.at("usage", "cost_details", "upstream_inference_prompt_cost"));
    const completion = Number(answer.at("usage", "cost_details", "upstream_inference_completions_cost"));
    expect(prompt + completion).toBeCloseTo(Number(answer.at("usage", "cost")), 12);
  });

  it("carries tool calls when the tool is offered", async () => {
    const answer = await test.chat(secret, 'use tool lookup {"q":"tea"}', { tools: TOOLS });
    expect(answer.at("choices", 0)).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: null,
        tool_calls: [
          {
            id: expect.stringMatching(/^call_/),
            type: "function",
            function: { name: "lookup", arguments: '{"q":"tea"}' },
          },
        ],
      },
    });
  });
});

describe("a streamed answer", () => {
  it("is comments, deltas, the end, usage without choices, [DONE]", async () => {
    const streamed = await stream("say raw a first line\\nand a second, long enough for several deltas");
    expect(streamed.headers.get("content-type")).toBe("text/event-stream");
    expect(streamed.comments).toEqual([": OPENROUTER PROCESSING"]);
    expect(textOf(streamed)).toBe("a first line\nand a second, long enough for several deltas");
    expect(streamed.chunks.length).toBeGreaterThan(4);
    expect(new Set(streamed.chunks.map((chunk) => chunk.at("id"))).size).toBe(1);
    expect(streamed.chunks.every((chunk) => chunk.at("object") === "chat.completion.chunk")).toBe(true);
    expect(streamed.chunks.at(-2)?.at("choices", 0, "finish_reason")).toBe("stop");
    expect(streamed.chunks.at(-1)?.at("choices")).toEqual([]);
    expect(streamed.chunks.at(-1)?.at("usage", "cost")).toBe(test.double.state().spentUsd);
    expect(streamed.isDone).toBe(true);
  });

  it("brings a tool call in pieces", async () => {
    const { chunks } = await stream('use tool lookup {"q":"tea"}', { tools: TOOLS });
    const pieces = chunks.flatMap((chunk) => chunk.at("choices", 0, "delta", "tool_calls", 0) ?? []);
    expect(pieces[0]).toMatchObject({
      index: 0,
      type: "function",
      function: { name: "lookup", arguments: "" },
    });
    expect(pieces.map((piece) => Object(piece).function.arguments).join("")).toBe('{"q":"tea"}');
    expect(pieces.length).toBe(3);
    expect(chunks.at(-2)?.at("choices", 0, "finish_reason")).toBe("tool_calls");
  });

  it("comments while it is slow", async () => {
    const start = performance.now();
    const streamed = await stream("slow 120\nsay raw done");
    expect(performance.now() - start).toBeGreaterThanOrEqual(115);
    expect(streamed.comments).toHaveLength(2);
    expect(textOf(streamed)).toBe("done");
  });

  it("breaks in the middle on a reset after the effect", async () => {
    test.double.faults.add({ match: { path: "completions" }, fault: { kind: "reset" }, position: "after" });
    await expect(stream("hello")).rejects.toThrow();
  });

  it("can fail in the middle with an error chunk while HTTP stays 200", async () => {
    test.double.faults.add({
      match: { path: "completions" },
      fault: { kind: "provider", name: "midStreamError" },
    });
    const { chunks, isDone } = await stream("say raw a text that is long enough to be cut in the middle");
    expect(chunks.at(-1)?.at("error")).toMatchObject({ code: 502, message: expect.any(String) });
    expect(chunks.at(-1)?.at("choices", 0, "finish_reason")).toBe("error");
    expect(isDone).toBe(true);
    expect(chunks.length).toBeGreaterThan(1);
  });

  it("can end with reason error and no other sign", async () => {
    const fault = { kind: "provider", name: "finishReasonError" };
    test.double.faults.add({ match: { path: "completions" }, fault, times: 2 });
    const { chunks } = await stream("hello");
    expect(chunks.at(-2)?.at("choices", 0, "finish_reason")).toBe("error");
    const whole = await test.chat(secret, "hello");
    expect([whole.status, whole.at("choices", 0, "finish_reason")]).toEqual([200, "error"]);
  });
});

describe("a client that leaves", () => {
  it("is billed, and the log says that it was sent nothing", async () => {
    const body = JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "slow 60000" }] });
    const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
    const client = new AbortController();
    const url = `${test.double.url}/chat/completions`;
    const waiting = fetch(url, { method: "POST", headers, body, signal: client.signal });
    await expect.poll(() => test.double.state().spentUsd).toBeGreaterThan(0);
    client.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
    const log = await test.call("GET", "/__double/log", null);
    expect(log.at("log", 1)).toMatchObject({ path: "/api/v1/chat/completions", status: null });
  });

  it("does not hold up closing", async () => {
    const other = await TestDouble.start();
    const key = await other.createKey();
    const waiting = other.chat(key.secret, "slow 60000").then(
      () => "answered",
      () => "broken off",
    );
    await expect.poll(() => other.double.state().spentUsd).toBeGreaterThan(0);
    await other.close();
    expect(await waiting).toBe("broken off");
  });
});

describe("a refused request", () => {
  it.each([
    [{ messages: [{ role: "user", content: "hi" }] }, "No models provided"],
    [{ model: "gpt-17", messages: [{ role: "user", content: "hi" }] }, "gpt-17 is not a valid model ID"],
    [{ model: MODEL, messages: [] }, expect.stringMatching(/^messages/)],
    [{ model: MODEL }, expect.any(String)],
    ["{broken", "The request body is not valid JSON"],
  ])("%j: 400", async (body, message) => {
    const answer = await test.call("POST", "/chat/completions", secret, body);
    expect([answer.status, answer.at("error", "message")]).toEqual([400, message]);
    expect(test.double.state().spentUsd).toBe(0);
  });

  it("without credentials: 401", async () => {
    const body = { model: MODEL, messages: [{ role: "user", content: "hi" }] };
    const answer = await test.call("POST", "/chat/completions", null, body);
    expect([answer.status, answer.at("error", "message")]).toEqual([401, "Missing Authentication header"]);
  });

  it("with impossible preferences: 404 with availability.code", async () => {
    const free = "meta-llama/llama-3.3-70b-instruct:free";
    const isPrivate = await test.chat(secret, "hi", { model: free, provider: { zdr: true } });
    expect([isPrivate.status, isPrivate.at("error", "availability", "code")]).toEqual([
      404,
      "privacy_restricted",
    ]);
    const denied = await test.chat(secret, "hi", { model: free, provider: { data_collection: "deny" } });
    expect(denied.at("error", "availability", "code")).toBe("privacy_restricted");
    const nobody = await test.chat(secret, "hi", { provider: { only: ["nobody"] } });
    expect([nobody.status, nobody.at("error", "availability", "code")]).toEqual([404, "no_endpoints"]);
    expect((await test.chat(secret, "hi", { provider: { zdr: true, only: ["anthropic"] } })).status).toBe(
      200,
    );
  });

  it("throttled: 429 with and without Retry-After", async () => {
    test.double.faults.add({ match: { path: "completions" }, fault: { kind: "429", retryAfterSeconds: 3 } });
    test.double.faults.add({ match: { path: "completions" }, fault: { kind: "429" }, nth: 2 });
    const first = await test.chat(secret, "hi");
    const second = await test.chat(secret, "hi");
    expect([first.status, first.headers.get("retry-after")]).toEqual([429, "3"]);
    expect([second.status, second.headers.get("retry-after")]).toEqual([429, null]);
    expect(second.at("error", "metadata", "error_type")).toBe("rate_limit_exceeded");
  });
});

describe("models", () => {
  it("are listed without credentials, prices as decimal strings", async () => {
    const answer = await test.call("GET", "/models", null);
    const listed = answer.at("data");
    expect(Array.isArray(listed) && listed.map((entry) => Object(entry).id)).toContain(MODEL);
    expect(answer.at("data", 0)).toMatchObject({
      default_parameters: null,
      supported_voices: null,
      links: {},
    });
    expect(answer.at("data", 0, "pricing", "prompt")).toMatch(/^0(\.\d+)?$/);
  });

  it.each(["@preset/assistants", "anthropic/claude-next", `${MODEL}:nitro`])("takes %s", async (model) => {
    expect((await test.chat(secret, "hi", { model })).at("model")).toBe(model);
  });

  it("takes the first of a fallback list", async () => {
    const answer = await test.chat(secret, "hi", { model: undefined, models: ["openai/gpt-5-mini", MODEL] });
    expect(answer.at("model")).toBe("openai/gpt-5-mini");
  });
});

describe("recorded requests", () => {
  it("are whole, and there only when asked for", async () => {
    await test.chat(secret, "remember the milk", { user: "someone" });
    const recorded = await test.call("GET", "/__double/openrouter/requests", null);
    expect(recorded.at("requests", 0)).toMatchObject({
      user: "someone",
      messages: [{ content: "remember the milk" }],
    });
    const log = await test.fetch("GET", "/__double/log", null);
    expect(await log.text()).not.toContain("milk");

    const silent = await TestDouble.start();
    expect((await silent.call("GET", "/__double/openrouter/requests", null)).status).toBe(404);
    await silent.close();
  });
});

describe("settings", () => {
  it("refuse what they do not know", async () => {
    expect((await test.set({ keyLimitStatus: 500 })).status).toBe(400);
    expect((await test.set({ surprise: 1 })).status).toBe(400);
  });
});
