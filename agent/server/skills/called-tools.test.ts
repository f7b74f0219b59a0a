import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type } from "typebox";
import { afterEach, beforeEach, expect, it } from "vitest";
import { aMandate } from "../../skills/kit/testing.ts";
import { defineTool } from "../../skills/kit/tool.ts";
import { createLoopbackServer, type LoopbackServer } from "../loopback/server.ts";
import { createQueuedTurns } from "../loopback/testing/queue.ts";
import { startUpstream, type TestUpstream } from "../model-proxy/testing/upstream.ts";
import { createSkillHost, type SkillHost } from "./skill-host.ts";

let dir: string;
let upstream: TestUpstream;
let loopback: LoopbackServer;
let host: SkillHost;
let turnId: string | undefined;
let sent: number;
let foreign: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "called-"));
  [turnId, sent, foreign] = ["t1", 0, 0];
  upstream = await startUpstream();
  const send = defineTool({
    ...{ name: "send_it", description: "", effect: "outside", timeoutMs: 5_000 },
    parameters: Type.Object({}),
    run: async () => {
      sent += 1;
      return { text: "Sent." };
    },
  });
  host = createSkillHost({
    skills: [{ name: "agentmail", tools: [send], setup: async () => ({ state: "ready", detail: "" }) }],
    workspace: { dir },
    turnId: () => turnId,
    asking: async () =>
      turnId === undefined ? undefined : { turnId, mandate: aMandate(), people: [], asker: undefined },
    onForeignWords: () => {
      foreign += 1;
    },
    onAction: () => undefined,
    onOutOfCredit: () => undefined,
    log: () => undefined,
  });
  loopback = await createLoopbackServer({
    turnSource: createQueuedTurns(),
    model: { baseUrl: upstream.url, key: "k", modelId: "m" },
    skills: host,
    log: () => undefined,
  });
});
afterEach(async () => {
  await loopback.close();
  await host.close();
  await upstream.close();
  await rm(dir, { recursive: true });
});

const post = async (path: string, body: object): Promise<string> => {
  const response = await fetch(`${loopback.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${loopback.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return response.text();
};
const use = (): Promise<string> => post("/skills/tools/send_it", { callId: "c", params: {} });
/** The model answers with the call of a tool. */
async function modelCalls(name: string): Promise<void> {
  upstream.answer = (response) => {
    const call = { index: 0, id: "c", type: "function", function: { name, arguments: "{}" } };
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [call] } }] })}\n\n`);
  };
  await post("/llm/chat/completions", {
    model: "m",
    stream: true,
    messages: [{ role: "user", content: "x" }],
  });
}

it("does what the model calls, in the turn in which it does", async () => {
  await modelCalls("send_it");
  expect(await use()).toBe('{"text":"Sent.","images":[]}\n');
  expect([sent, foreign]).toEqual([1, 0]);
});

it("does nothing for a process of the shell that has waited for another person's turn", async () => {
  await modelCalls("exec");
  expect(await use()).toContain("Sent.");
  expect(foreign).toBe(1);
  turnId = undefined;
  expect(await use()).toContain("no message is being answered");
  turnId = "t2";
  await modelCalls("message");
  expect(await use()).toContain("Only what is called in answering the people is done.");
  expect(sent).toBe(1);
});
