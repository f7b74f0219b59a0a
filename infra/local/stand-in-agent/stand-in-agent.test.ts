import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AGENT_PATHS, type AgentSecrets } from "../../../domain/agent-protocol.ts";
import { AgentCaller } from "./agent-caller.ts";
import type { AgentUnderTest } from "./agent-contract.ts";
import { type GatewayListener, startGatewayListener } from "./gateway-listener.ts";
import { type StandInHost, startStandInHost } from "./host-server.ts";
import { parseMisbehaviour } from "./misbehaviour.ts";
import { startStandInProcess } from "./start-for-contract.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const instanceId = "abcdefabcdef";
const nonce = "0123456789abcdef";
const claimId = "a".repeat(20);
const secrets: AgentSecrets = {
  instanceSecret: "5".repeat(64),
  modelKey: "model-key",
  stateKey: "7".repeat(64),
};
const caller = new AgentCaller(secrets.instanceSecret);
let gateway: GatewayListener;

beforeEach(async () => {
  gateway = await startGatewayListener();
});
afterEach(() => gateway.close());
const kinds = (): string[] => gateway.reports.map(({ event }) => `${event.epoch} ${event.kind}`);
const reported = (line: string): Promise<void> =>
  gateway.waitUntil(line, () => kinds().includes(line), 5_000);

describe("as a process", () => {
  let stateDir: string;
  let agent: AgentUnderTest;
  const start = async (epoch: number, environment: Record<string, string> = {}): Promise<void> => {
    const input = { instanceId, epoch, generation: "test", gatewayUrl: gateway.url, secrets };
    agent = await startStandInProcess(input, stateDir, environment);
  };
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), "stand-in-"));
  });
  afterEach(async () => {
    await agent.kill();
    await rm(stateDir, { recursive: true });
  });

  test("a death on provision leaves no claim behind", async () => {
    await start(1, { MISBEHAVE: "die-on-provision" });
    await reported("1 idle");
    const request = { claimId, nonce, instructions: "" };
    const called = await caller.post(agent.url, AGENT_PATHS.provision, request, { mayBreakOff: true });
    expect(called.status).toBe(0);
    await agent.exited;
    await start(2);
    await reported("2 idle");
    expect((await caller.status(agent.url, nonce)).claimId).toBeNull();
    expect(await caller.provision(agent.url, request)).toMatchObject({ epoch: 2, outcome: "created" });
  });

  test("an answer that never comes still was a claim", async () => {
    await start(1, { MISBEHAVE: "hang-provision" });
    await reported("1 idle");
    const waiting = caller.post(
      agent.url,
      AGENT_PATHS.provision,
      { claimId, nonce, instructions: "" },
      { mayBreakOff: true },
    );
    await expect.poll(async () => (await caller.status(agent.url, nonce)).claimId).toBe(claimId);
    await agent.kill();
    expect((await waiting).status).toBe(0);
  });

  test("a death between wipe and report is made up for by the next start", async () => {
    await start(1, { MISBEHAVE: "die-between-wipe-and-report" });
    await reported("1 idle");
    const { inboxId } = await caller.status(agent.url, nonce);
    await caller.post(agent.url, AGENT_PATHS.explode, { reason: "expiry" });
    await agent.exited;
    expect(kinds()).toEqual(["1 idle", "1 exploding"]);
    expect(await readFile(join(stateDir, "stand-in.json"), "utf8")).not.toContain(inboxId);
    await start(2, { MISBEHAVE: "die-between-wipe-and-report" });
    await agent.exited;
    expect(kinds()).toEqual(["1 idle", "1 exploding", "2 exploded"]);
    expect(gateway.reports.at(-1)?.event).toMatchObject({ reason: "expiry", sequence: 1 });
  });

  test("the boot delay comes after it listens and before it is ready", async () => {
    await start(1, { BOOT_DELAY_MS: "1000" });
    expect(await caller.status(agent.url, nonce)).toMatchObject({ ready: false, inboxId: null });
    const request = { claimId, nonce, instructions: "" };
    expect((await caller.post(agent.url, AGENT_PATHS.provision, request)).body).toMatchObject({
      code: "not-ready",
    });
    expect(kinds()).toEqual([]);
    await reported("1 idle");
    expect((await caller.status(agent.url, nonce)).ready).toBe(true);
  });
});

test.each([
  ["no secrets", ""],
  ["no JSON", '{"instanceSecret":"leak-me"\n'],
  ["a wrong secret", '{"instanceSecret":"leak-me","modelKey":"leak-me","stateKey":"leak-me"}\n'],
])("with %s on standard input it ends and quotes nothing", async (_title, line) => {
  const env = { INSTANCE_ID: instanceId, EPOCH: "1", GENERATION: "t", GATEWAY_URL: "http://127.0.0.1:9" };
  const child = spawn(process.execPath, [MAIN], { env: { ...env, STATE_DIR: "/nowhere" } });
  child.stdin.end(line);
  const [[code], told] = await Promise.all([once(child, "exit"), text(child.stderr)]);
  expect(code).toBe(1);
  expect(told).not.toContain("leak-me");
});

test("a misspelt misbehaviour is not taken for good behaviour", () => {
  expect(() => parseMisbehaviour("hang")).toThrow(RangeError);
  expect(parseMisbehaviour("")).toBeUndefined();
});

describe("in a host", () => {
  let host: StandInHost;
  const environment = { MISBEHAVE: "refuse-provision" };
  beforeAll(async () => {
    host = await startStandInHost({ environment });
  });
  afterAll(() => host.close());

  const ask = async (
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }> => {
    const answer = await fetch(host.url + path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  };
  const launch = (id: string, epoch: number, more: Record<string, string> = {}) => {
    const spec = { instanceId: id, name: `t-${id}`, epoch, generation: "t" };
    const settings = { GATEWAY_URL: gateway.url, ...more };
    return ask("PUT", `/agents/${id}`, { spec: { ...spec, environment: settings }, secrets });
  };

  test("the host's environment holds for agents that say nothing else; a test may change it later", async () => {
    const request = { claimId, nonce, instructions: "" };
    const url = `${host.url}/agents/host00000001`;
    await launch("host00000001", 1);
    await gateway.waitUntil("idle", () => gateway.reports.length === 1, 5_000);
    expect((await caller.post(url, AGENT_PATHS.provision, request)).status).toBe(409);
    expect((await ask("POST", "/agents/host00000001/misbehave", { misbehave: "" })).status).toBe(200);
    expect((await caller.post(url, AGENT_PATHS.provision, request)).status).toBe(200);
  });

  test.each([
    ["pending", undefined],
    ["pending-joined", "joined"],
    ["pending-refused", "join-refused"],
  ])("a join by %s ends once, and as its link says", async (slug, kind) => {
    const id = `host0000001${slug.length % 10}`;
    const url = `${host.url}/agents/${id}`;
    await launch(id, 1, { MISBEHAVE: "" });
    await gateway.waitUntil("idle", () => gateway.reports.length === 1, 5_000);
    const joinUrl = `https://x.invalid/v2?i=${slug}`;
    const request = { claimId, nonce, instructions: "", joinUrl };
    expect(await caller.provision(url, request)).toMatchObject({ outcome: "pending", conversationId: null });
    if (kind !== undefined) await reported(`1 ${kind}`);
    await launch(id, 2, { MISBEHAVE: "" });
    await reported("2 idle");
    const again = await caller.provision(url, request);
    const joined = gateway.reports.find(({ event }) => event.kind === "joined")?.event;
    if (joined === undefined) expect(again.outcome).toBe("pending");
    else
      expect(again).toMatchObject({
        outcome: "joined",
        conversationId: Reflect.get(joined, "conversationId"),
      });
    expect(kinds()).toEqual(["1 idle", ...(kind === undefined ? [] : [`1 ${kind}`]), "2 idle"]);
  });

  test("what its control API does not know is refused", async () => {
    await launch("host00000003", 2);
    expect((await launch("host00000003", 1)).body).toMatchObject({ code: "conflict" });
    expect((await launch("host00000004", 1, { MISBEHAVE: "hang" })).status).toBe(400);
    expect((await ask("GET", "/agents/host00000004")).status).toBe(404);
    expect((await ask("POST", "/agents/host00000004/crash")).status).toBe(404);
    expect((await ask("POST", "/agents/host00000003/misbehave", { misbehave: "hang" })).status).toBe(400);
    expect((await ask("GET", "/nothing")).status).toBe(404);
    expect((await ask("PATCH", "/agents/host00000003")).status).toBe(405);
    expect((await ask("PUT", "/agents/host00000005", { spec: {} })).status).toBe(400);
  });
});
