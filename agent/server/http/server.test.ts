import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { createConnection, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentStatus } from "../../../domain/agent-protocol.ts";
import { eventually } from "../../../infra/testing/eventually.ts";
import { type AgentServer, startAgentServer } from "./server.ts";

const SECRET = "ab".repeat(32);
let server: AgentServer;

beforeEach(async () => {
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
    pictures: "/nowhere",
    log: () => undefined,
    core: {
      status: () => status,
      provision: async () => {
        throw new Error("a fault with words of people");
      },
      notify: () => false,
      room: () => ({ refusal: "not-claimed" }),
      joinRefusal: () => undefined,
      skills: async () => [],
      explode: () => undefined,
    },
  });
});
afterEach(() => server.close());

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

describe("the agent's listener", () => {
  it("shows the pages of the tools itself, and takes nothing there", async () => {
    for (const path of ["/web-tools/agents", "/web-tools/form"]) {
      const page = await fetch(`http://127.0.0.1:${server.port}${path}`);
      expect([page.status, page.headers.get("cache-control")]).toEqual([200, "no-store"]);
      expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(await page.text()).not.toContain(SECRET);
      expect((await fetch(page.url, { method: "POST", body: "x" })).status).toBe(405);
    }
    expect(await rawStatus("/web-tools/agents/qr-encoder.js")).toBe(200);
  });

  it("shows nothing of the gateway", async () => {
    for (const path of [
      "/",
      "/__openclaw__/canvas/",
      "/web-tools/",
      "/web-tools/map",
      "/web-tools/../control",
      "/web-tools/%2e%2E/control",
      "/web-toolsx",
    ])
      expect(await rawStatus(path), path).toBe(404);
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

  it("takes so many connections of one address, and serves others and whoever comes when they have gone", async () => {
    const sockets: Socket[] = [];
    const connect = async (localAddress: string): Promise<Socket> => {
      const socket = createConnection({ host: "127.0.0.1", port: server.port, localAddress });
      sockets.push(socket);
      await once(socket, "connect");
      return socket;
    };
    const isServed = async (localAddress: string): Promise<boolean> => {
      const socket = await connect(localAddress);
      socket.end("GET /web-tools/agents HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
      // Refused, it is closed or reset.
      const answer = await text(socket).catch((error: unknown) => String(error));
      return answer.startsWith("HTTP/1.1 200");
    };
    try {
      for (let n = 0; n < 64; n += 1) await connect("127.0.0.1");
      expect(await isServed("127.0.0.1")).toBe(false);
      expect(await isServed("127.0.0.2")).toBe(true);
      for (const socket of sockets) socket.destroy();
      await eventually("to be served again", () => isServed("127.0.0.1"));
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it("waits five seconds for what somebody wants, and no longer", async () => {
    const socket = createConnection({ host: "127.0.0.1", port: server.port });
    await once(socket, "connect");
    const since = performance.now();
    socket.write("GET / HTTP/1.1\r\n");
    expect(await text(socket)).toContain("408");
    expect(performance.now() - since).toBeLessThan(15_000);
  }, 30_000);
});
