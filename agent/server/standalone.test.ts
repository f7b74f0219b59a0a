import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AGENT_PATHS } from "../../domain/agent-protocol.ts";
import { eventually } from "../../infra/testing/eventually.ts";
import { statePaths } from "./state/paths.ts";
import { CLAIM_ID, joinByUrl, textsFrom, World } from "./testing/world.ts";

const STANDALONE = { STANDALONE: "on", GATEWAY_URL: "" };
let world: World;

beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.close());

it("serves a conversation and ends for good, and nobody else is needed or told", async () => {
  const agent = await world.startReadyAgent(1, STANDALONE);
  const { inviteUrl } = await agent.provision({ claimId: CLAIM_ID, instructions: "Help." });
  const group = await joinByUrl(await world.person(), inviteUrl);
  const { inboxId } = await agent.status();
  await group.sendText("hello");
  await eventually("an answer", async () =>
    (await textsFrom(group, inboxId ?? "")).some((text) => text.startsWith("echo: hello")),
  );
  // What it is told of nobody holds: it is forgotten.
  expect((await agent.post(AGENT_PATHS.notify, { id: "anything-at-all-1" })).status).toBe(204);

  await agent.explode("operator");
  expect(await agent.exitCode).toBe(0);
  const { root, tombstone } = statePaths(world.stateDir);
  expect((await readdir(root)).filter((name) => !tombstone.endsWith(name))).toEqual([]);
  expect(world.platform.events).toEqual([]);
  expect(world.platform.refused).toBe(0);
  // Started again it has nothing left to do.
  const again = await world.startAgent(1, STANDALONE);
  expect(await again.exitCode).toBe(0);
  expect(existsSync(tombstone)).toBe(true);
}, 60_000);
