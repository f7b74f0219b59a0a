import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fence } from "../activities/registry/end.ts";
import { storeSecret } from "../activities/registry/secrets.ts";
import { parseInvite } from "../agent/convos/index.ts";
import { convosToken } from "../agent/server/convos-routes/token.ts";
import { AgentProcess, newAgentIdentity } from "../agent/server/testing/agent-process.ts";
import { type ClaimId, type InstanceId, parseClaimId } from "../domain/ids.ts";
import { startXmtpNode, type XmtpNode } from "../infra/local/xmtp-node/node.ts";
import { eventually } from "../infra/testing/eventually.ts";
import { type Fixture, startFixture } from "./testing/fixture.ts";
import { type Answer, call, claim } from "./testing/http.ts";
import { readyInstances } from "./testing/instances.ts";
import { boundClaims, deliver } from "./testing/stand-in-worker.ts";

const identity = newAgentIdentity();
let fixture: Fixture;
let url: string;
let folder: string;
let node: XmtpNode;
let agent: AgentProcess;
let instanceId: InstanceId;
let claimId: ClaimId;
let firstInvite: string;

/** One real agent, claimed through the gateway; it reports to nobody, since no worker would listen. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fresh-invite-"));
  [fixture, node] = await Promise.all([startFixture(), startXmtpNode()]);
  url = fixture.gateway.url;
  const [id] = await readyInstances(fixture.registry, 1);
  if (!id) throw new Error("no instance");
  instanceId = id;
  identity.instanceId = id;
  agent = await AgentProcess.start({
    identity,
    stateDir: join(folder, "state"),
    gatewayUrl: "http://127.0.0.1:9",
    xmtpUrl: node.url,
  });
  await eventually("the agent to be ready", async () => (await agent.status()).ready);
  const { registry } = fixture;
  await storeSecret(registry, registry.db, id, "instance-secret", identity.instanceSecret);
  const { inboxId: inbox_id } = await agent.status();
  const listening = { epoch: 1, url: agent.url, inbox_id };
  await registry.db.updateTable("instances").set(listening).where("id", "=", id).execute();
  const { body } = await claim(url, "fresh", { instructions: "x", name: "Luna" });
  const parsed = parseClaimId(body.claimId);
  if (!parsed || body.status !== "live") throw new Error("the claim is not live");
  claimId = parsed;
  firstInvite = body.inviteUrl;
});
afterAll(async () => {
  await agent.kill();
  await node.close();
  await fixture[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const ask = (id: string = claimId, token?: string): Promise<Answer> =>
  call(url, `/api/claims/${id}/invite`, { method: "POST", token });
const lock = async (locked: boolean): Promise<void> => {
  const token = convosToken(identity.instanceSecret);
  expect((await agent.post("/convos/lock", { locked }, token)).status).toBe(200);
};
const tagOf = (invite: string): string => {
  const parsed = parseInvite(invite);
  if (!parsed.ok) throw new Error(`no invite: ${parsed.reason}`);
  return parsed.invite.tag;
};

test("a new invite of the same conversation, as long as nobody locks it", async () => {
  const { status, headers, body } = await ask();
  expect([status, headers.get("cache-control"), Object.keys(body)]).toEqual([200, "no-store", ["inviteUrl"]]);
  expect(body.inviteUrl).not.toBe(firstInvite);
  expect(tagOf(body.inviteUrl)).toBe(tagOf(firstInvite));
});

test("none while the conversation is locked; one of another tag when it is open again", async () => {
  await lock(true);
  const refused = await ask();
  expect([refused.status, refused.body.code]).toEqual([422, "conversation-locked"]);
  await lock(false);
  const { body } = await ask();
  expect(tagOf(body.inviteUrl)).not.toBe(tagOf(firstInvite));
  // What the claim was answered with stays what it was: the new one is kept nowhere.
  expect((await call(url, `/api/claims/${claimId}`)).body.inviteUrl).toBe(firstInvite);
  const log = JSON.stringify(fixture.log) + agent.log;
  expect(log).not.toContain("/v2?i=");
});

test("is of the agent's own inbox, or is shown to nobody", async () => {
  const inboxIs = (inbox_id: string | null) =>
    fixture.registry.db.updateTable("instances").set({ inbox_id }).where("id", "=", instanceId).execute();
  const { inboxId } = await agent.status();
  await inboxIs("0".repeat(64));
  const { status, body, text } = await ask();
  expect([status, body.code]).toEqual([503, "unavailable"]);
  expect(text).not.toContain("?i=");
  await inboxIs(inboxId);
  expect((await ask()).status).toBe(200);
});

test("needs a key of the claim's scope, and a live claim", async () => {
  expect((await ask(claimId, "")).body.code).toBe("unauthorized");
  expect((await ask("a".repeat(20))).body.code).toBe("not-found");
  expect((await ask("nonsense")).body.code).toBe("not-found");
  const [other] = await readyInstances(fixture.registry, 1);
  if (!other) throw new Error("no instance");
  const accepted = await claim(url, "other", { instructions: "x", waitMs: 0 });
  const early = await ask(accepted.body.claimId);
  expect([early.status, early.body.code, early.body.detail]).toEqual([409, "conflict", "the claim is bound"]);
  const [bound] = await boundClaims(fixture.registry);
  if (!bound) throw new Error("nothing is bound");
  await deliver(fixture.registry, bound.claimId, bound.instanceId);
  const unreachable = await ask(bound.claimId);
  expect([unreachable.status, unreachable.body.code]).toEqual([503, "unavailable"]);
  await fence(fixture.registry, other, "operator");
});

test("is gone with its agent", async () => {
  await agent.kill();
  const { status, body, headers } = await ask();
  expect([status, body.code, body.detail]).toEqual([503, "unavailable", "the agent does not answer"]);
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  await fixture.registry.db.updateTable("claims").set({ state: "ended" }).where("id", "=", claimId).execute();
  const ended = await ask();
  expect([ended.status, ended.body.code]).toEqual([410, "gone"]);
  await fence(fixture.registry, instanceId, "operator");
});
