import { createServer, request as httpRequest, type Server } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentStatus } from "../../../domain/agent-protocol.ts";
import type { Brain } from "../brain.ts";
import { type AgentServer, startAgentServer } from "./server.ts";

const SECRET = "ab".repeat(32);
let upstream: Server;
let target: Brain["upstream"];
let server: AgentServer;
let seen: { url: string; headers: Record<string, unknown>; body: string }[];

beforeEach(async () => {
  seen = [];
  upstream = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      seen.push({ url: request.url ?? "", headers: request.headers, body });
      if (request.url === "/web-tools/broken") return response.destroy();
      return response.writeHead(200, { "x-page": "yes" }).end(`page ${request.url}`);
    });
  });
  upstream.on("upgrade", (request, socket) => {
    seen.push({ url: request.url ?? "", headers: request.headers, body: "" });
    socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n");
    socket.on("data", (chunk: Buffer) => socket.write(`echo ${chunk.toString()}`));
    socket.on("end", () => socket.end());
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const address = upstream.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  target = { host: "127.0.0.1", port: address.port };
  const status: AgentStatus = {
    instanceId: "i",
    epoch: 1,
    generation: "g",
    ready: true,
    parts: {},
    inboxId: null,
    joinInboxId: null,
    conversationId: null,
    claimId: null,
    exploding: false,
    versions: {},
  };
  server = await startAgentServer({
    host: "127.0.0.1",
    port: 0,
    instanceSecret: SECRET,
    standalone: false,
    upstream: () => target,
    log: () => undefined,
    core: {
      status: () => status,
      provision: async () => {
        throw new Error("a fault with words of people");
      },
      notify: () => false,
      room: () => ({ refusal: "not-claimed" }),
      explode: () => undefined,
    },
  });
});
afterEach(async () => {
  await server.close();
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
});

/** A request whose path is sent as it is, which `fetch` would normalise. */
const rawStatus = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    httpRequest({ host: "127.0.0.1", port: server.port, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });

const upgrade = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.endsWith("\r\n\r\n") && text.includes(" 101 ")) socket.write("hello");
      if (text.includes("echo hello")) socket.end();
    });
    socket.on("close", () => resolve(text));
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nauthorization: Bearer ${SECRET}\r\n\r\n`,
    );
  });

describe("the agent's listener", () => {
  it("passes the tools' pages on, without the platform's credentials", async () => {
    const response = await fetch(`http://127.0.0.1:${server.port}/web-tools/map?x=1`, {
      method: "POST",
      body: "form",
      headers: { authorization: `Bearer ${SECRET}`, "x-custom": "1" },
    });
    expect([response.status, response.headers.get("x-page"), await response.text()]).toEqual([
      200,
      "yes",
      "page /web-tools/map?x=1",
    ]);
    expect(seen).toMatchObject([{ url: "/web-tools/map?x=1", body: "form", headers: { "x-custom": "1" } }]);
    expect(JSON.stringify(seen)).not.toContain(SECRET);
  });

  it("passes nothing else on", async () => {
    for (const path of [
      "/",
      "/__openclaw__/canvas/",
      "/web-tools",
      "/web-tools/../control",
      "/web-tools/%2e%2E/control",
    ])
      expect(await rawStatus(path), path).toBe(404);
    expect(await upgrade("/")).toContain("404 Not Found");
    expect(await upgrade("/web-tools/../control")).toContain("404 Not Found");
    expect(seen).toEqual([]);
  });

  it("joins a WebSocket below /web-tools", async () => {
    expect(await upgrade("/web-tools/live")).toContain("echo hello");
    expect(JSON.stringify(seen)).not.toContain(SECRET);
  });

  it("ends open WebSockets when it closes", async () => {
    const socket = connect(server.port, "127.0.0.1");
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.on("error", () => socket.destroy());
    socket.write(
      "GET /web-tools/live HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    await new Promise((resolve) => socket.once("data", resolve));
    await server.close();
    await closed;
    expect(seen).toHaveLength(1);
  });

  it("answers 502 when the gateway is not there or breaks off", async () => {
    expect(await rawStatus("/web-tools/broken")).toBe(502);
    target = undefined;
    expect(await rawStatus("/web-tools/map")).toBe(502);
    expect(await upgrade("/web-tools/live")).toContain("502 Bad Gateway");
    target = { host: "127.0.0.1", port: 1 };
    expect(await rawStatus("/web-tools/map")).toBe(502);
  });

  it("says of its own faults nothing but that they are", async () => {
    const body = { claimId: "abcdefghij0123456789", nonce: "0".repeat(32), instructions: "" };
    const post = (path: string, content: object): Promise<Response> =>
      fetch(`http://127.0.0.1:${server.port}${path}`, {
        method: "POST",
        body: JSON.stringify(content),
        headers: { authorization: `Bearer ${SECRET}` },
      });
    const failed = await post("/pool/provision", body);
    expect([failed.status, (await failed.text()).includes("words")]).toEqual([500, false]);
    expect((await post("/pool/notify", { id: "a" })).status).toBe(429);
  });
});
