import { sql } from "kysely";
import { Value } from "typebox/value";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listResources } from "../../activities/registry/ledger.ts";
import { checkSignature, Jwks } from "../../cli/receipt.ts";
import { type InstanceId, parseInstanceId, resourceName } from "../../domain/ids.ts";
import { INITIAL_LIMIT, toUsd } from "../../domain/money.ts";
import { eventually } from "./eventually.ts";
import { TestPlatform } from "./platform.ts";
import { MODES } from "./saga/modes.ts";
import { doublesOf, holdings } from "./saga/platform-inventory.ts";
import { SUBJECTS } from "./saga/subjects.ts";

/**
 * Provisioning, claim and explode with every provider, while each of their steps goes wrong: once by the worker being
 * killed in it (`worker-crash.test.ts` does so for each step), once in each way of `modes.ts`, each way on an instance of
 * its own. Whatever happens, an instance is whole or gone in the end.
 */
let platform: TestPlatform;

beforeAll(async () => {
  // Nothing is started but for a claim that waits, or on request.
  platform = await TestPlatform.start({ target: 0, compute: "stand-in", allProviders: true });
  // Once, for the pool to be there.
  await platform.run("gateway", "workers");
  await platform.kill("workers");
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

const KINDS = ["compute/stand-in", ...SUBJECTS.map(({ provider, kind }) => `${provider}/${kind}`)].sort();
const nameOf = (id: InstanceId) => resourceName("cv", "test", id);
const audit = async () => (await platform.request("POST", "/api/pool/audit")).body;

async function instances(): Promise<InstanceId[]> {
  const { body } = await platform.request("GET", "/api/instances");
  const rows: unknown[] = Array.isArray(body.instances) ? body.instances : [];
  return rows.flatMap((row) => parseInstanceId(String(Object(row).id)) ?? []);
}

/** Puts the claim into the queue, as nothing is idle. */
async function ask(key: string): Promise<string> {
  expect((await platform.claim(key, { waitMs: 0 })).status).toBe(202);
  return key;
}

/** The instance that serves the claim, once it does; asked for again under the same key. */
async function served(key: string): Promise<InstanceId> {
  const live = await eventually(
    `${key} is served`,
    async () => {
      const { status, body } = await platform.claim(key, { waitMs: 1_000 });
      return status === 200 && body;
    },
    90_000,
  );
  expect(live.status).toBe("live");
  const id = parseInstanceId(String(live.instanceId));
  if (!id) throw new Error("the claim has no instance");
  return id;
}

/** Everything is there once, as the ledger has it, with the allowance of a claimed agent. */
async function expectWhole(id: InstanceId): Promise<void> {
  const hasAllowance = () =>
    platform.openrouter
      .state()
      .keys.some((key) => key.name === nameOf(id) && (key.limit ?? 0) > toUsd(INITIAL_LIMIT));
  await eventually("it has its allowance", hasAllowance, 30_000);
  const { providers, ledger } = await holdings(platform, id);
  expect(providers).toEqual(ledger);
  for (const found of Object.values(providers)) expect(found).toHaveLength(1);
}

/** Starts its end, which need not wait for creates that come late. */
async function explode(id: InstanceId): Promise<void> {
  await sql`UPDATE resources SET state_since = now() - interval '1 hour' WHERE instance_id = ${id}`.execute(
    platform.registry.db,
  );
  expect((await platform.request("POST", `/api/instances/${id}/explode`, {})).status).toBe(202);
}

/** Nothing is left but what the ledger says was retained; a signed receipt lists everything with its outcome. */
async function expectGone(id: InstanceId, kinds: readonly string[] = KINDS): Promise<void> {
  const isGone = async () => (await platform.instance(id)).state === "exploded";
  await eventually(`${id} has exploded`, isGone, 90_000);
  const { providers, ledger } = await holdings(platform, id);
  expect(providers).toEqual(ledger);
  const { body } = await platform.request("GET", `/api/instances/${id}/receipt`);
  const receipt = { body: String(body.body), signature: String(body.signature), keyId: String(body.keyId) };
  const jwks = Value.Parse(Jwks, (await platform.request("GET", "/.well-known/jwks.json")).body);
  expect(checkSignature(receipt, jwks.keys)).toBe("signature valid");
  const { resources }: { resources: Record<string, unknown>[] } = JSON.parse(receipt.body);
  expect(resources.map(({ provider, kind }) => `${provider}/${kind}`).sort()).toEqual(kinds);
  for (const { provider, kind, outcome } of resources) {
    const isWallet = provider === "bankr" && kind === "wallet";
    const retained = { kind: "revoked-retained", balance: "0.00 USD" };
    expect([retained, { kind: "absent" }]).toContainEqual(outcome);
    if (!isWallet) expect(outcome).toEqual({ kind: "absent" });
  }
}

describe("a worker that is killed at a provider", () => {
  let id: InstanceId;

  it("leaves an instance that is made whole by the next one", async () => {
    await ask("killed");
    await platform.crashWorker("control", "ensureResource/number:after");
    await platform.run("workers", "claims");
    id = await served("killed");
    await expectWhole(id);
    expect(await audit()).toEqual({ violations: [] });
  }, 150_000);

  it("leaves an end that the next one brings to its end", async () => {
    await platform.kill("workers");
    await explode(id);
    const resources = await listResources(platform.registry, id);
    const number = resources.find(({ kind }) => kind === "number");
    await platform.crashWorker("control", `releaseResource/${number?.id}:after`);
    await platform.run("workers");
    await expectGone(id);
    expect(await audit()).toEqual({ violations: [] });
    await platform.kill("workers");
    await platform.kill("claims");
  }, 150_000);
});

describe("steps that go wrong on their first try", () => {
  let ids: InstanceId[];

  it("make and hand over one whole agent for each claim", async () => {
    await Promise.all(MODES.map(ask));
    await platform.runWith("faulty workers", { WORKER: "control" });
    await platform.runWith("faulty claims", { WORKER: "claims" });
    ids = await Promise.all(MODES.map(served));
    expect(new Set(ids).size).toBe(MODES.length);
    for (const id of ids) await expectWhole(id);
    expect(await audit()).toEqual({ violations: [] });
  }, 150_000);

  it("bring each of them to its end", async () => {
    await Promise.all(ids.map(explode));
    for (const id of ids) await expectGone(id);
    expect(await audit()).toEqual({ violations: [] });
  }, 120_000);

  it("leave nothing of what is ended while it is made", async () => {
    const before = new Set(await instances());
    await platform.request("POST", "/api/pool/replenish", { count: MODES.length });
    const begun = await eventually("they are being made", async () => {
      const made: InstanceId[] = [];
      for (const id of await instances())
        if (!before.has(id) && (await listResources(platform.registry, id)).length > 1) made.push(id);
      return made.length === MODES.length && made;
    });
    await Promise.all(begun.map((id) => platform.request("POST", `/api/instances/${id}/explode`, {})));
    for (const id of begun) {
      const isGone = async () => (await platform.instance(id)).state === "exploded";
      await eventually(`${id} has exploded`, isGone, 90_000);
      const kinds = (await listResources(platform.registry, id)).map(
        ({ provider, kind }) => `${provider}/${kind}`,
      );
      await expectGone(id, kinds.sort());
    }
    expect(await audit()).toEqual({ violations: [] });
  }, 120_000);

  it("would be found out by the auditor and the inventories", async () => {
    const [id] = ids;
    if (!id) throw new Error("no instance has ended");
    const { agentmail } = doublesOf(platform);
    const inbox = { username: "left-behind", client_id: `${nameOf(id)}.late` };
    const planted = await fetch(`${agentmail.url}/v0/inboxes`, {
      method: "POST",
      headers: { authorization: `Bearer ${agentmail.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify(inbox),
    });
    expect(planted.status).toBe(200);
    const { providers, ledger } = await holdings(platform, id);
    expect(providers).not.toEqual(ledger);
    const detail = "agentmail has its mailbox although it was made absent";
    expect(await audit()).toEqual({ violations: [{ invariant: "I5", subject: nameOf(id), detail }] });
  });
});
