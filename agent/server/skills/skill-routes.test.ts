import { createServer, request, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { SkillHost, Use } from "./skill-host.ts";
import { createSkillRoutes } from "./skill-routes.ts";

let server: Server;
let port: number;
let used: { tool: string; params: unknown; use: Use }[];
let outcome: (use: Use) => ReturnType<SkillHost["use"]>;
let failures: unknown[];

const host: SkillHost = {
  choose: async () => undefined,
  settle: async () => [{ name: "files", state: "ready", detail: "It works." }],
  offered: () => [],
  prove: async (name) => (name === "web-search" ? { name, state: "off", detail: "No key." } : undefined),
  noteCalled: () => undefined,
  hasCalledShell: () => false,
  noteForeignWords: () => undefined,
  changesNothing: () => undefined,
  use: (tool, params, use) => {
    used.push({ tool, params, use });
    return outcome(use);
  },
  close: async () => undefined,
};

beforeEach(async () => {
  [used, failures] = [[], []];
  outcome = async () => ({ result: { text: "done" } });
  const routes = createSkillRoutes(host);
  server = createServer((asked, response) => {
    routes(asked, response, asked.url === "/" ? "" : (asked.url ?? "")).catch((error: unknown) => {
      failures.push(error);
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  port = address.port;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const ask = (path: string, body?: unknown, signal?: AbortSignal): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    ...(signal && { signal }),
    ...(body !== undefined && {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
  });
const linesOf = async (response: Response): Promise<unknown[]> =>
  (await response.text())
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

it("answers with JSON lines: how it goes, then what came of it", async () => {
  const images = [{ mimeType: "image/png", base64: "AAAA" }];
  outcome = async ({ progress }) => {
    progress("Opening\nthe page");
    progress("x".repeat(500));
    return { result: { text: "two\nlines", images } };
  };
  const response = await ask("/tools/read_it", { callId: "c1", params: { n: 1 } });
  expect(response.headers.get("content-type")).toBe("application/x-ndjson");
  expect(await linesOf(response)).toEqual([
    { progress: "Opening\nthe page" },
    { progress: "x".repeat(200) },
    { text: "two\nlines", images },
  ]);
  expect(used).toMatchObject([{ tool: "read_it", params: { n: 1 }, use: { callId: "c1" } }]);
});

it("answers with the refusal", async () => {
  outcome = async () => ({ refusal: "Name a page." });
  expect(await linesOf(await ask("/tools/read_it", { callId: "c", params: {} }))).toEqual([
    { refusal: "Name a page." },
  ]);
});

it.each([
  ["no JSON", "{"],
  ["no object", "[]"],
  ["no id", { params: {} }],
  ["an empty id", { callId: "", params: {} }],
  ["an endless id", { callId: "c".repeat(201), params: {} }],
  ["an id of another kind", { callId: 1, params: {} }],
])("answers 400 to %s", async (_, body) => {
  const response = await ask("/tools/read_it", body);
  expect([response.status, await response.json()]).toEqual([400, { error: "invalid-request" }]);
  expect(used).toEqual([]);
});

it("answers 413 to what is too large, declared or not", async () => {
  expect((await ask("/tools/read_it", "x".repeat(1024 * 1024 + 1))).status).toBe(413);
  const undeclared = await new Promise<string>((resolve, reject) => {
    const asked = request({ port, method: "POST", path: "/tools/read_it" }, (response) => {
      text(response).then((body) => resolve(`${response.statusCode} ${body}`), reject);
    });
    asked.once("error", reject);
    asked.write("x".repeat(600_000));
    asked.end("x".repeat(600_000));
  });
  expect(undeclared).toBe('413 {"error":"too-large"}');
  expect(used).toEqual([]);
});

it("gives the tool up when whoever waits for it has gone", async () => {
  const begun = Promise.withResolvers<AbortSignal>();
  outcome = async ({ signal, progress }) => {
    progress("begun");
    begun.resolve(signal);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    progress("nobody hears it");
    return { result: { text: "nobody reads it" } };
  };
  const client = new AbortController();
  const answer = ask("/tools/read_it", { callId: "c", params: {} }, client.signal);
  const signal = await begun.promise;
  expect(signal.aborted).toBe(false);
  await (await answer).body?.getReader().read();
  client.abort();
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  expect((await ask("/")).status).toBe(200);
  expect(failures).toEqual([]);
});

it("does not fall over what a tool says after its end", async () => {
  outcome = async () => ({ result: { text: "done" } });
  const response = await ask("/tools/read_it", { callId: "c", params: {} });
  expect(await linesOf(response)).toEqual([{ text: "done", images: [] }]);
  used[0]?.use.progress("too late");
  expect((await ask("/")).status).toBe(200);
});

it("says what the skills say of themselves", async () => {
  expect(await (await ask("/")).json()).toEqual({
    skills: [{ name: "files", state: "ready", detail: "It works." }],
  });
  expect(await (await ask("/web-search")).json()).toMatchObject({ state: "off" });
});

it.each([
  ["/unknown", undefined],
  ["/tools/read_it", undefined],
  ["/tools/Read-It", {}],
  ["/tools/read_it/more", {}],
  ["/files", {}],
])("knows nothing else: %s", async (path, body) => {
  expect((await ask(path, body)).status).toBe(404);
});
