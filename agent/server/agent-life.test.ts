import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENT_PATHS, MAC_HEADER, NONCE_HEADER, statusRequestParts } from "../../domain/agent-protocol.ts";
import { eventually } from "../../infra/testing/eventually.ts";
import { AGENT_MEMBER_KIND, resolveProfiles } from "../convos/index.ts";
import { macOf } from "./pool/instance-auth.ts";
import { AgentProcess, newAgentIdentity } from "./testing/agent-process.ts";
import { CLAIM_ID, joinByUrl, parsedInvite, textsFrom, World } from "./testing/world.ts";

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const INSTRUCTIONS = "You plan trips for a family of walruses.";

describe("an idle agent", () => {
  it("keeps its identities and its conversation over kills and stops", async () => {
    const first = await world.startReadyAgent(1);
    const before = await first.status();
    expect(before).toMatchObject({ epoch: 1, generation: "test", claimId: null, exploding: false });
    expect(before.inboxId).not.toBe(before.joinInboxId);
    expect(await world.platform.waitFor("idle")).toMatchObject({
      epoch: 1,
      sequence: 1,
      inboxId: before.inboxId,
      conversationId: before.conversationId,
    });
    await first.kill();
    const second = await world.startReadyAgent(2);
    await eventually("the second report", () => world.platform.events.length >= 2);
    const { inboxId, joinInboxId, conversationId } = before;
    expect(await second.status()).toMatchObject({ epoch: 2, inboxId, joinInboxId, conversationId });
    expect(await second.stop()).toBe(0);
    expect(await (await world.startReadyAgent(3)).status()).toMatchObject({
      inboxId,
      joinInboxId,
      conversationId,
    });
    await eventually("the third report", () => world.platform.events.length >= 3);
    expect(world.platform.events.map(({ epoch, sequence, kind }) => [epoch, sequence, kind])).toEqual([
      [1, 1, "idle"],
      [2, 1, "idle"],
      [3, 1, "idle"],
    ]);
  });

  it("is started while the XMTP node is down, and gets ready when it is up", async () => {
    world.node.faults.add({ method: "*", when: "before", kind: "unavailable" });
    const agent = await world.startAgent();
    await eventually("a failed attempt", () => agent.logged("xmtp-open-failed"));
    const health = await fetch(`${agent.url}${AGENT_PATHS.health}`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ ready: false, parts: { identity: false } });
    await expect(agent.provision({ claimId: CLAIM_ID, instructions: "" })).rejects.toThrow("409 not-ready");
    const other = await world.startAgent(1, { STATE_DIR: `${world.stateDir}-other` });
    expect(await other.stop()).toBe(0);
    world.node.faults.clear();
    await eventually("the agent to be ready", async () => (await agent.status()).ready);
    expect((await fetch(`${agent.url}${AGENT_PATHS.health}`)).status).toBe(200);
  });

  it("repeats its report until it is accepted", async () => {
    world.platform.refuseWith = 500;
    const agent = await world.startReadyAgent();
    await eventually("refusals", () => world.platform.refused >= 2);
    world.platform.refuseWith = undefined;
    expect(await world.platform.waitFor("idle")).toMatchObject({ sequence: 1 });
    expect(await agent.stop()).toBe(0);
    expect(world.platform.events).toHaveLength(1);
  });

  it("keeps no key in the clear, and its files to its owner", async () => {
    const agent = await world.startReadyAgent();
    await agent.provision({ claimId: CLAIM_ID, instructions: INSTRUCTIONS, name: "Walrus" });
    const group = await joinByUrl(
      await world.person(),
      (await agent.provision({ claimId: CLAIM_ID, instructions: "" })).inviteUrl,
    );
    await group.sendText("a question about tusks");
    const { inboxId } = await agent.status();
    await eventually("the answer", async () => (await textsFrom(group, inboxId ?? "")).length === 2);
    expect(await agent.stop()).toBe(0);
    const files = await world.stateFiles();
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(["agent.db", "identity.json", join("xmtp", "main.db3")]),
    );
    const { instanceSecret, stateKey, modelKey } = world.identity;
    const forbidden = [instanceSecret, stateKey, modelKey, "walruses", "tusks", "Walrus", "privateKey"];
    for (const [name, bytes] of files) {
      for (const text of forbidden) expect(bytes.includes(text), `${text} in ${name}`).toBe(false);
      expect((await stat(join(world.stateDir, name))).mode & 0o077, name).toBe(0);
    }
    for (const folder of ["", "xmtp"])
      expect((await stat(join(world.stateDir, folder))).mode & 0o077).toBe(0);
    for (const text of forbidden) expect(agent.log).not.toContain(text);
  });

  it("lives on when nobody reads its output any more", async () => {
    const agent = await world.startReadyAgent();
    agent.child.stdout?.destroy();
    agent.child.stderr?.destroy();
    const { inviteUrl } = await agent.provision({ claimId: CLAIM_ID, instructions: "" });
    const group = await joinByUrl(await world.person(), inviteUrl);
    const { inboxId } = await agent.status();
    await eventually("the greeting", async () => (await textsFrom(group, inboxId ?? "")).length > 0);
    expect(await agent.stop()).toBe(0);
  });

  it("refuses a second process, another key and a database that is gone", async () => {
    const agent = await world.startReadyAgent();
    await expect(world.startAgent()).rejects.toThrow(/78.*another agent process/s);
    expect((await agent.status()).ready).toBe(true);
    expect(await agent.stop()).toBe(0);
    const stranger = { ...newAgentIdentity(), instanceId: world.identity.instanceId };
    await expect(
      AgentProcess.start({
        identity: stranger,
        stateDir: world.stateDir,
        gatewayUrl: world.platform.url,
        xmtpUrl: world.node.url,
      }),
    ).rejects.toThrow(/78.*wrong state key/s);
    await world.removeState("xmtp");
    const broken = await world.startAgent(2);
    expect(await world.platform.waitFor("fault")).toMatchObject({
      part: "boot",
      code: "database-missing",
    });
    expect(await broken.status()).toMatchObject({ ready: false, inboxId: null });
  });
});

describe("a claim", () => {
  it("is served once, quickly, and answered the same over a restart; another is refused", async () => {
    const agent = await world.startReadyAgent();
    const { conversationId, inboxId } = await agent.status();
    const request = {
      claimId: CLAIM_ID,
      instructions: INSTRUCTIONS,
      name: "Walrus",
      metadata: { team: "blue" },
    };
    const [answer, repeated] = await Promise.all([agent.provision(request), agent.provision(request)]);
    expect(repeated).toMatchObject({ ...answer, proof: repeated.proof });
    expect(answer).toMatchObject({ outcome: "created", agentName: "Walrus", conversationId, epoch: 1 });
    expect(parsedInvite(answer.inviteUrl)).toMatchObject({
      name: "Walrus",
      creatorInboxId: inboxId,
      network: "local",
    });
    expect(await agent.status()).toMatchObject({ claimId: CLAIM_ID, conversationId });
    const other = "zzzzzzzzzz0123456789";
    await expect(agent.provision({ ...request, claimId: other })).rejects.toThrow("409 claimed-by-another");
    await agent.kill();
    const again = await world.startReadyAgent(2);
    const { proof: _proof, ...kept } = answer;
    expect(await again.provision(request)).toMatchObject({ ...kept, epoch: 2 });
    await expect(again.provision({ ...request, claimId: other })).rejects.toThrow("409 claimed-by-another");

    const group = await joinByUrl(await world.person(), answer.inviteUrl);
    expect(group.name).toBe("Walrus");
    await eventually("the profile", async () => {
      await group.sync();
      return (await resolveProfiles(group)).get(inboxId ?? "")?.name === "Walrus";
    });
    expect((await resolveProfiles(group)).get(inboxId ?? "")).toMatchObject({
      memberKind: AGENT_MEMBER_KIND,
      metadata: { team: "blue" },
    });
  });

  it("with a name longer than XMTP takes is presented as far as it fits, and people are let in", async () => {
    const agent = await world.startReadyAgent();
    const { inboxId } = await agent.status();
    const name = "語".repeat(50);
    const { inviteUrl } = await agent.provision({ claimId: CLAIM_ID, instructions: "", name });
    expect(parsedInvite(inviteUrl).name).toBe(name);
    const group = await joinByUrl(await world.person(), inviteUrl);
    expect(group.name).toBe("語".repeat(33));
    await eventually("the profile", async () => {
      await group.sync();
      return (await resolveProfiles(group)).get(inboxId ?? "")?.name === name;
    });
  });

  it("needs the right secret, a right body and a known path", async () => {
    const agent = await world.startReadyAgent();
    const nonce = randomBytes(16).toString("hex");
    const wrong = randomBytes(32).toString("hex");
    const statusOf = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${agent.url}${AGENT_PATHS.status}`, { headers })).status;
    expect(await statusOf({})).toBe(401);
    expect(
      await statusOf({ [NONCE_HEADER]: nonce, [MAC_HEADER]: macOf(wrong, statusRequestParts(nonce)) }),
    ).toBe(401);
    const right = macOf(world.identity.instanceSecret, statusRequestParts(nonce));
    expect(await statusOf({ [NONCE_HEADER]: randomBytes(16).toString("hex"), [MAC_HEADER]: right })).toBe(
      401,
    );
    expect(await statusOf({ [NONCE_HEADER]: nonce, [MAC_HEADER]: right })).toBe(200);
    expect(await statusOf({ authorization: `Bearer ${world.identity.instanceSecret}` })).toBe(401);

    const good = { claimId: CLAIM_ID, nonce, instructions: INSTRUCTIONS };
    for (const path of [AGENT_PATHS.provision, AGENT_PATHS.notify, AGENT_PATHS.explode]) {
      const refused = await agent.post(path, good, wrong);
      expect([refused.status, refused.headers.get("content-type")]).toEqual([
        401,
        "application/problem+json",
      ]);
      expect(await refused.json()).toMatchObject({ code: "unauthorized", status: 401 });
    }
    const bodies: unknown[] = [
      "no json",
      {},
      { ...good, claimId: "X" },
      { ...good, nonce: "0" },
      { ...good, surplus: 1 },
      { ...good, name: "n".repeat(51) },
      { ...good, instructions: "i".repeat(32_001) },
    ];
    for (const body of bodies) expect((await agent.post(AGENT_PATHS.provision, body)).status).toBe(400);
    expect((await agent.post(AGENT_PATHS.provision, "x".repeat(200_000))).status).toBe(413);
    expect((await agent.post(AGENT_PATHS.explode, { reason: "whim" })).status).toBe(400);
    expect((await agent.post(AGENT_PATHS.notify, { id: "sms-1" })).status).toBe(204);
    for (const path of ["/", "/pool", "/convos", "/__openclaw__/", "/web-tools"])
      expect((await fetch(`${agent.url}${path}`)).status, path).toBe(404);
    expect((await fetch(`${agent.url}/web-tools/map`)).status).toBe(404);
    expect(await agent.status()).toMatchObject({ claimId: null, exploding: false });
  });
});
