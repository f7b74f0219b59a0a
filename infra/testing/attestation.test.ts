import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Group } from "@xmtp/node-sdk";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AgentClient } from "../../activities/agent/agent-client.ts";
import { deliverToAgent } from "../../activities/deliver-to-agent.ts";
import { loadDelivery } from "../../activities/registry/claims.ts";
import { storeSecret } from "../../activities/registry/secrets.ts";
import {
  type Attestation,
  catchUpJoinRequests,
  createInvite,
  encodeAppData,
  generateTag,
  keysOfJwks,
  readAttestation,
  resolveProfiles,
  signAttestation,
  verifyAttestation,
} from "../../agent/convos/index.ts";
import { MemoryJoinLedger } from "../../agent/convos/testing/memory-ledger.ts";
import { AgentProcess, newAgentIdentity } from "../../agent/server/testing/agent-process.ts";
import { joinByUrl, World } from "../../agent/server/testing/world.ts";
import type { RunningGateway } from "../../api/start.ts";
import { type Fixture, startFixture } from "../../api/testing/fixture.ts";
import { claim } from "../../api/testing/http.ts";
import { bindClaim, readyInstances } from "../../api/testing/instances.ts";
import type { AgentAttestation } from "../../domain/attestation.ts";
import { parseClaimId } from "../../domain/ids.ts";
import { attestationKeysOf, attesterOf } from "../config/attestation-keys.ts";
import { eventually } from "./eventually.ts";

/**
 * An agent as a member of its conversation sees it: real agents and a real gateway, whose published keys are fetched
 * over HTTP. No worker runs; where one would deliver a claim, this test does.
 */
const newKey = (): string =>
  generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
const [FORMER, PRESENT] = [newKey(), newKey()];

let folder: string;
let fixture: Fixture;
let world: World;
let before: RunningGateway;
let after: RunningGateway;
const agents: AgentProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "attestation-"));
  [fixture, world] = await Promise.all([startFixture(), World.open()]);
  before = await fixture.startAnother({ ATTESTATION_KEYS: FORMER });
  after = await fixture.startAnother({ ATTESTATION_KEYS: `${PRESENT},${FORMER}` });
});
afterAll(async () => {
  for (const agent of agents) await agent.kill();
  await world.close();
  await fixture[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Of 13 hours ago, by the key of before. */
const old = (inboxId: string): AgentAttestation => {
  const [key] = attestationKeysOf(FORMER);
  if (!key) throw new Error("there is no key");
  return { inboxId, ...signAttestation(key, inboxId, new Date(Date.now() - 13 * 60 * 60_000)) };
};

/** A real agent behind an idle instance. */
async function idleAgent(gateway: RunningGateway) {
  const [id] = await readyInstances(fixture.registry, 1);
  if (!id) throw new Error("no instance");
  const identity = { ...newAgentIdentity(), instanceId: id };
  const start = async ({ url: gatewayUrl }: RunningGateway, epoch: number): Promise<AgentProcess> => {
    const stateDir = join(folder, id);
    const started = await AgentProcess.start({
      ...{ identity, stateDir, gatewayUrl, epoch, xmtpUrl: world.node.url },
    });
    agents.push(started);
    await eventually("the agent to be ready", async () => (await started.status()).ready);
    return started;
  };
  const agent = await start(gateway, 1);
  const { registry } = fixture;
  await storeSecret(registry, registry.db, id, "instance-secret", identity.instanceSecret);
  await registry.db.updateTable("instances").set({ epoch: 1, url: agent.url }).where("id", "=", id).execute();
  const { inboxId, joinInboxId } = await agent.status();
  if (inboxId === null || joinInboxId === null) throw new Error("the agent has no inboxes");
  await registry.db
    .updateTable("instances")
    .set({ inbox_id: inboxId, join_inbox_id: joinInboxId })
    .where("id", "=", id)
    .execute();
  const inboxes = { inboxId, joinInboxId };
  const target = { url: agent.url, epoch: 1, ...identity, inboxes };
  return { agent, target, restart: (at: RunningGateway) => start(at, 2) };
}

/** What the group's members read in the profile of one of them, once it is there. */
const shownBy = (group: Group<unknown>, inboxId: string): Promise<Attestation> =>
  eventually("the profile", async () => {
    await group.sync();
    const metadata = (await resolveProfiles(group)).get(inboxId)?.metadata;
    return metadata && readAttestation(metadata);
  });

async function verdict(gateway: RunningGateway, inboxId: string, attestation: Attestation): Promise<string> {
  const document: unknown = await (await fetch(`${gateway.url}/.well-known/agents.json`)).json();
  return verifyAttestation(keysOfJwks(document) ?? [], inboxId, attestation, { at: new Date() });
}

/** Its claim, delivered with an attestation of half a day ago. */
async function claimLongAgo({ agent, target }: Awaited<ReturnType<typeof idleAgent>>) {
  const { claimId, instanceId } = await bindClaim(fixture.registry, target.instanceId);
  expect(instanceId).toBe(target.instanceId);
  const attestation = old(target.inboxes.inboxId);
  const { inviteUrl } = await agent.provision({ claimId, instructions: "", attestation });
  return { inviteUrl, attestation };
}

it("whoever joins sees a verified agent, whose inbox is the only one that it is about", async () => {
  const { target } = await idleAgent(before);
  const { status, body } = await claim(before.url, "own", { instructions: "x", name: "Walrus" });
  expect([status, body.instanceId]).toEqual([200, target.instanceId]);
  const group = await joinByUrl(await world.person(), body.inviteUrl);
  const { inboxId: main, joinInboxId: joining } = target.inboxes;
  const shown = await shownBy(group, main);
  expect(await verdict(before, main, shown)).toBe("verified");
  expect(await verdict(before, joining, shown)).toBe("bad-signature");
  expect(await verdict(before, `${main.slice(0, -1)}${main.endsWith("0") ? "1" : "0"}`, shown)).toBe(
    "bad-signature",
  );
  // The keys have been rotated since.
  expect(await verdict(after, main, shown)).toBe("verified");
  expect(await verdict(fixture.gateway, main, shown)).toBe("unknown-key");

  // A repeated delivery is signed anew, by another key even, and changes nothing.
  const repeating = new AgentClient({ attest: attesterOf(attestationKeysOf(PRESENT)) });
  const again = await repeating.provision(target, { claimId: body.claimId, instructions: "x" });
  expect(again).toMatchObject({ outcome: "created", inviteUrl: body.inviteUrl, agentName: "Walrus" });
  expect(await shownBy(group, main)).toEqual(shown);
});

it("a guest is attested as the inbox that joins, by the key that signs now", async () => {
  const { inboxId: main, joinInboxId: joining } = (await idleAgent(after)).target.inboxes;
  const { client, privateKey } = await world.person();
  const tag = generateTag();
  const group = await client.conversations.createGroup([], {
    groupName: "Trip",
    appData: encodeAppData({ tag, profiles: [], imageEncryptionKey: randomBytes(32) }),
  });
  const { inboxId } = client;
  const { url: joinUrl } = createInvite({ privateKey, inboxId, groupId: group.id, tag, env: "local" });
  const { body } = await claim(after.url, "guest", { instructions: "x", joinUrl, waitMs: 0 });
  const id = parseClaimId(body.claimId);
  const delivery = id && (await loadDelivery(fixture.registry, id));
  if (!id || !delivery) throw new Error("there is no claim");
  const ring = attestationKeysOf(`${PRESENT},${FORMER}`);
  const deps = { registry: fixture.registry, agents: new AgentClient({ attest: attesterOf(ring) }) };
  const inviter = {
    client,
    privateKey: Buffer.from(privateKey.slice(2), "hex"),
    ledger: new MemoryJoinLedger(),
  };
  const delivered = deliverToAgent(deps, id, delivery);
  await eventually("the agent is let in", async () => {
    await catchUpJoinRequests(inviter);
    return (await group.members()).some((member) => member.inboxId === joining);
  });
  expect(["live", "pending"]).toContain(await delivered);
  const shown = await shownBy(group, joining);
  expect(shown.keyId).toBe(ring[0]?.keyId);
  expect(await verdict(after, joining, shown)).toBe("verified");
  expect(await verdict(after, main, shown)).toBe("bad-signature");
  expect(await verdict(before, joining, shown)).toBe("unknown-key");
});

it("an attestation that came half a day ago is replaced before it is shown", async () => {
  const idle = await idleAgent(after);
  const { inviteUrl } = await claimLongAgo(idle);
  const main = idle.target.inboxes.inboxId;
  const shown = await shownBy(await joinByUrl(await world.person(), inviteUrl), main);
  expect(shown).toMatchObject({ keyId: attestationKeysOf(PRESENT)[0]?.keyId });
  expect(Date.now() - Date.parse(shown.timestamp)).toBeLessThan(60_000);
  expect(await verdict(after, main, shown)).toBe("verified");
});

it("whoever is let in later sees a newer one, once the platform gives it", async () => {
  const idle = await idleAgent(fixture.gateway);
  const { agent, restart } = idle;
  const { inviteUrl, attestation: first } = await claimLongAgo(idle);
  const main = idle.target.inboxes.inboxId;
  const [ada, bob] = [await world.person(), await world.person()];
  const adas = await joinByUrl(ada, inviteUrl);
  // This gateway has no keys. What came with the claim is still good for some hours.
  expect((await shownBy(adas, main)).timestamp).toBe(first.timestamp);
  expect(agent.logged("attestation-not-renewed")).toBe(true);
  await agent.kill();
  await restart(after);
  const bobs = await joinByUrl(bob, inviteUrl);
  const shown = await shownBy(bobs, main);
  expect(shown.timestamp).not.toBe(first.timestamp);
  expect(await verdict(after, main, shown)).toBe("verified");
  expect(await shownBy(adas, main)).toEqual(shown);
});

it("no key is in a log", () => {
  const logs = JSON.stringify(fixture.log) + agents.map(({ log }) => log).join("");
  for (const key of [FORMER, PRESENT])
    expect(logs).not.toContain(Buffer.from(key, "base64").subarray(-32).toString("base64").slice(0, 40));
});
