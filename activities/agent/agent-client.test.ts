import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExplodeRequest, PROVISION_REFUSALS } from "../../domain/agent-protocol.ts";
import { ERRORS, PlatformError } from "../../domain/errors.ts";
import {
  type GatewayListener,
  startGatewayListener,
} from "../../infra/local/stand-in-agent/gateway-listener.ts";
import { type StandInHost, startStandInHost } from "../../infra/local/stand-in-agent/host-server.ts";
import type { Misbehaviour } from "../../infra/local/stand-in-agent/misbehaviour.ts";
import { epochOf, grantOf, newInstance, newSecrets } from "../compute/compute-contract.ts";
import { StandInDriver } from "../compute/stand-in/stand-in-driver.ts";
import { AGENT_TIMEOUTS_MS, AgentClient, type AgentTarget } from "./agent-client.ts";

const TEXT = "You plan journeys to the moon.";
const client = new AgentClient({ timeoutsMs: { status: 1_000, provision: 300 } });
let gateway: GatewayListener;
let host: StandInHost;

beforeAll(async () => {
  gateway = await startGatewayListener();
  host = await startStandInHost();
});
afterAll(async () => {
  await host.close();
  await gateway.close();
});

async function start(misbehave: Misbehaviour | "" = ""): Promise<AgentTarget> {
  const { id, name } = newInstance();
  const secrets = newSecrets();
  const environment = { GATEWAY_URL: gateway.url, MISBEHAVE: misbehave };
  const spec = { instanceId: id, name, epoch: epochOf(1), generation: "test", environment };
  const { url } = await new StandInDriver({ hostUrl: host.url }).launch(spec, grantOf(secrets));
  const target = { url, instanceId: id, epoch: 1, instanceSecret: secrets.instanceSecret };
  if (misbehave === "never-ready" || misbehave === "lie-proof") return target;
  await expect.poll(async () => (await client.status(target)).ready).toBe(true);
  return target;
}
let claims = 0;
const claim = (more: { joinUrl?: string; name?: string } = {}) => {
  claims += 1;
  return { claimId: `claim${String(claims).padStart(15, "0")}`, instructions: TEXT, ...more };
};

/** Asserts the error, and that neither secret nor text is anywhere in it. */
async function failure(target: AgentTarget, call: Promise<unknown>): Promise<PlatformError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PlatformError)) throw new Error("no PlatformError", { cause: error });
  const text = `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
  expect(text).not.toContain(target.instanceSecret);
  expect(text).not.toContain("moon");
  return error;
}

test("status, provision, notify and explode of an agent that keeps the protocol", async () => {
  const target = await start();
  expect(await client.status(target)).toMatchObject({ instanceId: target.instanceId, claimId: null });
  const request = claim({ name: "Luna" });
  const answer = await client.provision(target, request);
  expect(answer).toMatchObject({ claimId: request.claimId, outcome: "created", agentName: "Luna" });
  const { proof, ...same } = answer;
  expect(await client.provision(target, request)).toMatchObject(same);
  await client.notify(target, "sms_1");
  const reason: ExplodeRequest["reason"] = "operator";
  await client.explode(target, reason);
  await gateway.waitUntil(
    "exploded",
    () => gateway.accepted(target.instanceId, "exploded").length === 1,
    5_000,
  );
  expect((await failure(target, client.status(target))).code).toBe("agent-unreachable");
});

test("an invite is joined, or the request is pending, as the agent says", async () => {
  const joined = await client.provision(await start(), claim({ joinUrl: "https://x.invalid/v2?i=abc" }));
  expect(joined).toMatchObject({ outcome: "joined", inviteUrl: null });
  expect(joined.conversationId).toMatch(/^[0-9a-f]{32}$/);
  const pending = await client.provision(await start(), claim({ joinUrl: "https://x.invalid/v2?i=pending" }));
  expect(pending).toMatchObject({ outcome: "pending", conversationId: null, inviteUrl: null });
});

test.each(PROVISION_REFUSALS)("the refusal %s has a code of the catalogue", async (refusal) => {
  const target = await start();
  const joinUrl = `https://x.invalid/v2?i=${refusal}`;
  const error = await failure(target, client.provision(target, claim({ joinUrl })));
  if (Object.hasOwn(ERRORS, refusal)) expect(error).toMatchObject({ code: refusal, detail: undefined });
  else expect(error).toMatchObject({ code: "agent-refused", detail: refusal });
  expect((await client.status(target)).claimId).toBeNull();
});

test("another claim is refused, as is one that the agent does not understand", async () => {
  const target = await start();
  await client.provision(target, claim());
  expect(await failure(target, client.provision(target, claim()))).toMatchObject({
    code: "agent-refused",
    detail: "claimed-by-another",
  });
  expect(await failure(target, client.notify(target, "no id!"))).toMatchObject({
    code: "agent-refused",
    detail: "the agent answered 400",
  });
});

test.each([
  ["hang-provision", "ambiguous"],
  ["die-on-provision", "ambiguous"],
  ["refuse-provision", "agent-refused"],
  ["never-ready", "agent-refused"],
  ["lie-proof", "agent-unproven"],
] as const)("an agent that does %s is %s", async (misbehave, code) => {
  const target = await start(misbehave);
  expect((await failure(target, client.provision(target, claim()))).code).toBe(code);
});

test("another secret, instance or epoch than meant is unproven", async () => {
  const target = await start();
  const other = { ...target, instanceSecret: newSecrets().instanceSecret };
  expect((await failure(other, client.status(other))).code).toBe("agent-unproven");
  for (const wrong of [{ instanceId: newInstance().id }, { epoch: 2 }]) {
    const error = await failure(target, client.provision({ ...target, ...wrong }, claim()));
    expect(error.code).toBe("agent-unproven");
  }
  expect((await client.status(target)).claimId).toBeNull();
});

test("many calls at once to many agents each get their own answer", async () => {
  const targets = await Promise.all(Array.from({ length: 30 }, () => start()));
  const answers = await Promise.all(targets.map((target) => client.provision(target, claim())));
  expect(answers.map(({ instanceId }) => instanceId)).toEqual(targets.map(({ instanceId }) => instanceId));
  expect(new Set(answers.map(({ inviteUrl }) => inviteUrl)).size).toBe(30);
});

test("every call ends within 10 s", () => {
  const { status, ...actions } = AGENT_TIMEOUTS_MS;
  for (const timeoutMs of Object.values(actions)) expect(status + timeoutMs).toBeLessThan(10_000);
});
