import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "./clock.ts";
import { type DoubleServer, type ProviderDefinition, serveDouble } from "./double-server.ts";
import { json } from "./reply.ts";

/** The smallest provider: POST /things counts up, GET /stream streams. */
let count = 0;
const provider: ProviderDefinition = {
  name: "counter",
  routes: [
    { method: "POST", path: "/things", handle: () => json(201, { count: ++count }) },
    { method: "GET", path: "/things/:id", handle: ({ params }) => json(200, params) },
    {
      method: "GET",
      path: "/stream",
      handle: () => ({
        kind: "stream",
        status: 200,
        headers: { "content-type": "text/event-stream" },
        parts: [{ text: "one " }, { waitMs: 5 }, { text: "two " }, { text: "three " }, { text: "four" }],
      }),
    },
    {
      method: "POST",
      path: "/broken",
      handle({ body }) {
        throw new Error(`a defect that quotes ${JSON.stringify(body)}`);
      },
    },
  ],
  controlRoutes: [],
  providerFaults: [],
  inventory: () => ({ count }),
  errors: {
    notFound: (method, path) => json(404, { error: `no route ${method} ${path}` }),
    badRequest: (message) => json(400, { error: message }),
    throttled: (retryAfterSeconds) => json(429, {}, { "x-retry-in": String(retryAfterSeconds) }),
  },
};

let clock: VirtualClock;
let server: DoubleServer;

beforeEach(async () => {
  count = 0;
  clock = new VirtualClock(0, () => undefined);
  server = await serveDouble(provider, clock, 0);
});
afterEach(() => server.close());

const call = (method: string, path: string, body?: unknown): Promise<Response> =>
  fetch(`${server.origin}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    signal: AbortSignal.timeout(5_000),
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });

const arm = async (position: "before" | "after", fault: Record<string, unknown>): Promise<void> => {
  const response = await call("POST", "/__double/faults", { match: { path: "^/things" }, position, fault });
  expect(response.status).toBe(201);
};

describe.each([
  ["before", 0],
  ["after", 1],
] as const)("a fault %s the effect", (position, kept) => {
  it("reset: breaks the connection", async () => {
    await arm(position, { kind: "reset" });
    await expect(call("POST", "/things", {})).rejects.toThrow();
    expect(count).toBe(kept);
    expect((await call("POST", "/things", {})).status).toBe(201);
  });

  it("hang: never answers until the client gives up", async () => {
    await arm(position, { kind: "hang" });
    const client = new AbortController();
    const waiting = fetch(`${server.origin}/things`, { method: "POST", signal: client.signal });
    await expect.poll(() => server.log.entries()).toMatchObject([{ path: "/things", status: null }]);
    client.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
    expect(count).toBe(kept);
  });

  it("status: answers with that status, body and headers", async () => {
    await arm(position, {
      kind: "status",
      status: 503,
      body: { error: "busy" },
      headers: { "x-why": "test" },
    });
    const response = await call("POST", "/things", {});
    expect([response.status, response.headers.get("x-why")]).toEqual([503, "test"]);
    expect(await response.json()).toEqual({ error: "busy" });
    expect(count).toBe(kept);
  });

  it("html: answers with an HTML page, 502 unless told otherwise", async () => {
    await arm(position, { kind: "html" });
    const response = await call("POST", "/things", {});
    expect([response.status, response.headers.get("content-type")]).toEqual([
      502,
      "text/html; charset=UTF-8",
    ]);
    expect(await response.text()).toContain("<html>");
    expect(count).toBe(kept);
  });

  it("truncatedJson: a success whose body ends too early", async () => {
    await arm(position, { kind: "truncatedJson" });
    const response = await call("POST", "/things", {});
    expect(response.ok).toBe(true);
    await expect(response.json()).rejects.toThrow(SyntaxError);
    expect(count).toBe(kept);
  });

  it("429: in the provider's own form", async () => {
    await arm(position, { kind: "429", retryAfterSeconds: 7 });
    const response = await call("POST", "/things", {});
    expect([response.status, response.headers.get("x-retry-in")]).toEqual([429, "7"]);
    expect(count).toBe(kept);
  });

  it("latency: answers late but rightly", async () => {
    await arm(position, { kind: "latency", ms: 80 });
    const start = performance.now();
    expect((await call("POST", "/things", {})).status).toBe(201);
    expect(performance.now() - start).toBeGreaterThanOrEqual(75);
  });
});

describe("the double's server", () => {
  it("breaks a stream in the middle when a reset comes after the effect", async () => {
    await call("POST", "/__double/faults", {
      match: { path: "/stream" },
      position: "after",
      fault: { kind: "reset" },
    });
    const response = await call("GET", "/stream");
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect(await (await call("GET", "/stream")).text()).toBe("one two three four");
  });

  it("answers unknown routes, broken JSON and too large bodies as the provider does", async () => {
    expect(await (await call("GET", "/nowhere")).json()).toEqual({ error: "no route GET /nowhere" });
    expect((await call("POST", "/things", "{broken")).status).toBe(400);
    expect((await call("POST", "/things", "x".repeat(32 * 1024 * 1024 + 1))).status).toBe(400);
    expect(count).toBe(0);
  });

  it("decodes path parameters and ignores a trailing slash", async () => {
    expect(await (await call("GET", "/things/%2B1312/")).json()).toEqual({ id: "+1312" });
    expect(await (await call("GET", "/things/%zz")).json()).toEqual({ id: "%zz" });
  });

  it("logs method, path, status and time, never query or body", async () => {
    await arm("after", { kind: "reset" });
    await expect(call("POST", "/things?token=secret-in-query", { text: "private words" })).rejects.toThrow();
    await call("GET", "/things/1");
    const text = await (await call("GET", "/__double/log")).text();
    expect(JSON.parse(text)).toMatchObject({
      log: [
        { seq: 1, method: "POST", path: "/things", status: null, fault: "after reset" },
        { seq: 2, method: "GET", path: "/things/1", status: 200, fault: null },
      ],
    });
    expect(text).not.toMatch(/secret-in-query|private words/);
  });

  it("shows its inventory and the armed faults, and disarms them", async () => {
    await call("POST", "/things", {});
    await arm("before", { kind: "reset" });
    const state = await (await call("GET", "/__double/state")).json();
    expect(state).toMatchObject({
      double: "counter",
      inventory: { count: 1 },
      faults: [{ seen: 0, fired: 0 }],
    });
    await call("DELETE", "/__double/faults");
    expect((await call("POST", "/things", {})).status).toBe(201);
  });

  it("advances its clock, never back", async () => {
    const before = clock.nowMs();
    const response = await call("POST", "/__double/clock", { advanceMs: 3_600_000 });
    expect(response.status).toBe(200);
    expect(clock.nowMs() - before).toBeGreaterThanOrEqual(3_600_000);
    expect((await call("POST", "/__double/clock", { advanceMs: -1 })).status).toBe(400);
  });

  it("refuses fault rules that are not well formed, and unknown control endpoints", async () => {
    expect((await call("POST", "/__double/faults", { match: {}, fault: { kind: "explode" } })).status).toBe(
      400,
    );
    expect((await call("POST", "/__double/faults", "{broken")).status).toBe(400);
    expect((await call("GET", "/__double/nothing")).status).toBe(404);
  });

  it("breaks off on a defect of its own without repeating the body anywhere", async () => {
    const written: string[] = [];
    const write = process.stderr.write;
    process.stderr.write = (text: string | Uint8Array) => written.push(String(text)) > 0;
    try {
      await expect(call("POST", "/broken", { text: "private words" })).rejects.toThrow();
    } finally {
      process.stderr.write = write;
    }
    expect(written.join("")).toContain('"event":"double.failed"');
    expect(written.join("")).not.toContain("private words");
  });

  it("does not let a port be taken twice", async () => {
    await expect(serveDouble(provider, clock, Number(new URL(server.origin).port))).rejects.toThrow(
      /EADDRINUSE/,
    );
  });
});
