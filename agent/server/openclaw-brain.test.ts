import { readdirSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenRouterDouble, startOpenRouterDouble } from "../../infra/local/doubles/openrouter/server.ts";
import { eventually } from "../../infra/testing/eventually.ts";
import { CLAIM_ID, joinByUrl, textsFrom, World } from "./testing/world.ts";

let world: World;
let model: OpenRouterDouble;
beforeAll(async () => {
  world = await World.open();
  model = await startOpenRouterDouble({ recordRequests: true });
});
afterAll(async () => {
  await world.close();
  await model.close();
});

const BOOT_TIMEOUT_MS = 150_000;
const COMMANDS = ["/status", "/new", "/reset"];
const INSTRUCTIONS = "You plan trips for a family of walruses.";

async function createModelKey(): Promise<string> {
  const response = await fetch(`${model.url}/keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${model.managementKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "agent-test", limit: 1 }),
  });
  const { key }: { key: string } = JSON.parse(await response.text());
  return key;
}

/** The requests that reached the model, each as text, the oldest first. */
async function modelRequests(): Promise<string[]> {
  const response = await fetch(`${model.url.replace("/api/v1", "")}/__double/openrouter/requests`);
  const { requests }: { requests: unknown[] } = JSON.parse(await response.text());
  return requests.map((request) => JSON.stringify(request));
}

/** Processes that have the world's state folder in their command line or environment. */
const processesOf = (stateDir: string): string[] =>
  readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return ["cmdline", "environ"].some((file) => readFileSync(`/proc/${pid}/${file}`).includes(stateDir));
    } catch {
      // It ended while it was looked at.
      return false;
    }
  });

describe("an agent with openclaw", () => {
  it("boots, is instructed, answers through the model, is restarted, and leaves nothing when it ends", async () => {
    world.identity.modelKey = await createModelKey();
    const environment = { MODEL_BASE_URL: model.url, MODEL_ID: "openai/gpt-5-mini" };
    const agent = await world.startAgent(1, environment, "openclaw");
    await eventually("the agent to be ready", async () => (await agent.status()).ready, BOOT_TIMEOUT_MS);
    await world.platform.waitFor("idle");
    const startedAt = performance.now();
    const answer = await agent.provision({ claimId: CLAIM_ID, instructions: INSTRUCTIONS, name: "Walrus" });
    expect(performance.now() - startedAt).toBeLessThan(250);
    const { inboxId } = await agent.status();
    const agentInbox = inboxId ?? "";
    const ada = await world.person();
    const group = await joinByUrl(ada, answer.inviteUrl);
    await group.sendText("Where should we go?");
    await eventually(
      "greeting and answer",
      async () => (await textsFrom(group, agentInbox)).length === 2,
      60_000,
    );
    const first = await modelRequests();
    expect(first.join()).toContain(INSTRUCTIONS);

    // What openclaw knows as its own commands are words for the model here, and the session goes on.
    for (const [index, command] of COMMANDS.entries()) {
      await group.sendText(command);
      await eventually(
        `the answer to ${command}`,
        async () => (await textsFrom(group, agentInbox)).length === 3 + index,
        60_000,
      );
      const requests = await modelRequests();
      expect(requests).toHaveLength(first.length + index + 1);
      expect(requests.at(-1)).toContain(command);
      expect(requests.at(-1)).toContain("Where should we go?");
    }

    await agent.kill();
    await group.sendText("Are you still there?");
    const again = await world.startAgent(2, environment, "openclaw");
    await eventually(
      "the answer after the restart",
      async () => (await textsFrom(group, agentInbox)).length === 3 + COMMANDS.length,
      BOOT_TIMEOUT_MS,
    );
    await again.explode("member");
    expect(await again.exitCode).toBe(0);
    expect(await readdir(world.stateDir)).toEqual(["tombstone.json"]);
    expect(processesOf(world.stateDir)).toEqual([]);
    for (const log of [agent.log, again.log]) {
      for (const text of [world.identity.modelKey, world.identity.instanceSecret, "walruses", "Where should"])
        expect(log).not.toContain(text);
    }
  }, 400_000);
});
