import { readdir } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../infra/testing/eventually.ts";
import {
  ADDRESS_WORDS,
  isAnswered,
  PictureScene,
  PNG,
  pictureOf,
  profileOf,
} from "./testing/picture-scene.ts";
import { CLAIM_ID } from "./testing/world.ts";

let scene: PictureScene;
beforeEach(async () => {
  scene = await PictureScene.open();
});
afterEach(() => scene.close());

describe("a claim's picture", () => {
  it.each([
    ["no image", "unknown-type", (response: ServerResponse) => response.end("<svg/>")],
    ["cut short", "damaged", (response: ServerResponse) => response.end(PNG.subarray(0, 40))],
    [
      "too large",
      "too-large",
      (response: ServerResponse) => response.writeHead(200, { "content-length": 10 * 1024 * 1024 + 1 }).end(),
    ],
    [
      "elsewhere, where nobody may look",
      "private-address",
      (response: ServerResponse) =>
        response.writeHead(302, { location: "https://127.0.0.1/walrus-portrait.png" }).end(),
    ],
  ])("that is %s is given up, and the agent works without", async (_what, problem, respond) => {
    scene.answer = respond;
    const { agent, agentInbox, inviteUrl } = await scene.claimed();
    const ada = await scene.enter(inviteUrl, agentInbox);
    await eventually("the end of it", () => agent.logged("picture-given-up"));
    expect(agent.log).toContain(`"event":"picture-given-up","problem":"${problem}"`);
    expect(agent.log).not.toContain(ADDRESS_WORDS);
    await ada.sendText("hello");
    await isAnswered(ada, agentInbox, "hello");
    expect((await profileOf(ada, agentInbox))?.encryptedImage).toBeUndefined();
    expect(scene.asked).toBe(1);
  });

  it("that cannot be reached keeps nobody from talking to the agent", async () => {
    scene.answer = (response) => response.destroy();
    const { agentInbox, inviteUrl } = await scene.claimed();
    const ada = await scene.enter(inviteUrl, agentInbox);
    await eventually("a second attempt", () => scene.asked >= 2);
    await ada.sendText("hello");
    await isAnswered(ada, agentInbox, "hello");
    scene.answer = (response) => response.end(PNG);
    expect((await pictureOf(ada, agentInbox)).url).toContain("/pictures/");
  }, 60_000);

  it("is nothing to an agent whose claim has none", async () => {
    const agent = await scene.world.startReadyAgent(1, scene.environment);
    const agentInbox = (await agent.status()).inboxId ?? "";
    const { inviteUrl } = await agent.provision({ claimId: CLAIM_ID, instructions: "", agentUrl: agent.url });
    const ada = await scene.enter(inviteUrl, agentInbox);
    expect((await profileOf(ada, agentInbox))?.encryptedImage).toBeUndefined();
    expect([scene.asked, agent.log.includes("picture")]).toEqual([0, false]);
    expect(await readdir(scene.world.stateDir)).not.toContain("pictures");
  });
});
