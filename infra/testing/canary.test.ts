import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSecret, storeSecret } from "../../activities/registry/secrets.ts";
import { createInvite } from "../../agent/convos/invite/create.ts";
import { type InstanceId, parseInstanceId } from "../../domain/ids.ts";
import { leaksOf } from "./canary-leaks.ts";
import { OWN_ENVIRONMENT } from "./canary-places.ts";
import { type Canary, findLeaks, type Leak } from "./canary-search.ts";
import { eventually } from "./eventually.ts";
import { TestPlatform } from "./platform.ts";

const CLAIM_KEY = unique("claim-key");
/** Sixteen bytes that are nowhere else, and a word that says what they stand for. */
function unique(word: string): string {
  return `${word}-${randomBytes(16).toString("hex")}`;
}

let platform: TestPlatform;
/** People's words and one-time texts: nowhere. */
const texts: Canary[] = [];
/** Secrets of instances: nowhere readable. */
const secrets: Canary[] = [];
/** What the platform is configured with: in its own environment only. */
const configured: Canary[] = [];
/** What a caller got as an answer to what is wrong. */
const refusals: { what: string; text: string }[] = [];
const claims: Record<string, { claimId: string; instanceId: string; inviteUrl: string }> = {};

function plant(name: string): string {
  const text = unique("words");
  texts.push({ name, text });
  return text;
}

beforeAll(async () => {
  platform = await TestPlatform.start({ target: 6, compute: "stand-in" });
  const CLAIM_KEYS = createHash("sha256").update(CLAIM_KEY).digest("hex");
  await Promise.all([platform.run("workers", "claims"), platform.runWith("gateway", { CLAIM_KEYS })]);
  await eventually("6 are idle", async () => (await platform.counts()).idle === 6, 60_000);
  await platform.request("POST", "/api/pool/pause", { reason: "this test counts instances" });
  const { API_KEY = "", MASTER_KEY = "", RECEIPT_KEY = "", ATTESTATION_KEYS = "" } = platform.environment;
  configured.push(
    { name: "the admin key", text: API_KEY },
    { name: "the claim key", text: CLAIM_KEY },
    { name: "the master key", text: MASTER_KEY },
    { name: "the receipt key", text: RECEIPT_KEY },
    { name: "the attestation key", text: ATTESTATION_KEYS },
    { name: "the management key", text: platform.openrouter.managementKey },
  );
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

const wordsOf = (claim: string) => ({
  instructions: `Plan the trip of ${plant(`${claim}: instructions`)}\nand "nothing" else`,
  name: plant(`${claim}: name`),
  profileImage: `https://images.example/${plant(`${claim}: profile image`)}.png`,
  metadata: { city: plant(`${claim}: metadata`) },
});

async function claim(name: string, more: object = {}) {
  const answer = await platform.claim(plant(`${name}: idempotency key`), { ...wordsOf(name), ...more });
  const { claimId, instanceId, inviteUrl } = answer.body;
  claims[name] = {
    claimId: String(claimId),
    instanceId: String(instanceId),
    inviteUrl: String(inviteUrl),
  };
  return answer;
}

/** A request that is refused; what is answered is kept. */
async function refused(what: string, status: number, path: string, init: RequestInit): Promise<void> {
  const answer = await fetch(`${platform.apiUrl}${path}`, {
    ...init,
    headers: {
      authorization: `Bearer ${platform.apiKey}`,
      "content-type": "application/json",
      ...Object(init.headers),
    },
  });
  expect([what, answer.status]).toEqual([what, status]);
  refusals.push({ what, text: `${JSON.stringify([...answer.headers])}${await answer.text()}` });
}

async function instanceSecrets(): Promise<void> {
  const { db } = platform.registry;
  for (const { instance_id, kind } of await db
    .selectFrom("secrets")
    .select(["instance_id", "kind"])
    .execute()) {
    const text = await readSecret(platform.registry, instance_id, kind);
    if (text !== undefined) secrets.push({ name: `an instance's ${kind}`, text });
  }
}

const instanceOf = (name: string): InstanceId => {
  const id = parseInstanceId(claims[name]?.instanceId ?? "");
  if (!id) throw new Error(`${name} has no instance`);
  return id;
};

const leaks = (canaries: readonly Canary[] = [...texts, ...secrets, ...configured]): Promise<Leak[]> =>
  leaksOf(platform, { admin: platform.apiKey, claim: CLAIM_KEY, nobody: undefined }, canaries);

/** A claim's status shows its caller the agent's name and the invite, and the environment holds the keys. */
const isMeant = (leak: Leak): boolean =>
  /^(live|joined|pending): (name|answered invite) in the answer to GET \/api\/claims\/\{id\} \((admin|claim)\)$/.test(
    leak,
  ) || configured.some(({ name }) => leak === `${name} in ${OWN_ENVIRONMENT}`);

describe("secrets and people's words", () => {
  it("are entered everywhere", async () => {
    expect((await claim("live")).status).toBe(200);
    texts.push({ name: "live: answered invite", text: claims.live?.inviteUrl ?? "" });
    const inviter = { privateKey: randomBytes(32), inboxId: randomBytes(32).toString("hex") };
    const invite = createInvite({
      ...inviter,
      ...{ groupId: randomBytes(16).toString("hex"), tag: "abcdefghij", env: "local" },
      name: plant("joined: name in the invite"),
    });
    texts.push({ name: "joined: invite", text: invite.slug });
    expect((await claim("joined", { joinUrl: invite.url })).status).toBe(200);

    // Who is left refuses until the claim has no tries left; who comes after it waits, and is cancelled.
    const { agents } = Object(await (await fetch(`${platform.standInUrl}/agents`)).json());
    for (const { instanceId } of agents) {
      if (Object.values(claims).some((one) => one.instanceId === instanceId)) continue;
      await fetch(`${platform.standInUrl}/agents/${instanceId}/misbehave`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ misbehave: "refuse-provision" }),
      });
    }
    expect((await claim("failing")).body).toMatchObject({ code: "claim-failed" });
    await platform.request("POST", "/api/pool/drain", { count: 6 });
    await eventually("nobody is idle", async () => (await platform.counts()).idle === 0);
    expect((await claim("waiting", { waitMs: 0 })).status).toBe(202);
    expect((await claim("cancelled", { waitMs: 0 })).status).toBe(202);
    await platform.request("DELETE", `/api/claims/${claims.cancelled?.claimId}`);
    await instanceSecrets();
    expect(texts.length).toBeGreaterThan(25);
    expect(new Set(secrets.map(({ name }) => name)).size).toBe(3);
  }, 60_000);

  it("are in no answer to what is wrong", async () => {
    const body = (value: object): string => JSON.stringify({ instructions: "x", ...value });
    const key = () => ({ "idempotency-key": plant("refused: idempotency key") });
    const post = (what: string, status: number, text: string, headers: object = {}) =>
      refused(what, status, "/api/pool/claim", {
        method: "POST",
        body: text,
        headers: { ...key(), ...headers },
      });
    await post("broken JSON", 400, `{"instructions": ${plant("refused: broken JSON")}`);
    await post("a list for a text", 400, body({ name: [plant("refused: list")] }));
    await post("a value that is none of", 400, body({ onEmpty: plant("refused: onEmpty") }));
    await post("a link that is no link", 400, body({ profileImage: plant("refused: link") }));
    await post("metadata", 400, body({ metadata: { x: plant("refused: metadata").repeat(20) } }));
    await post("an invite that is none", 422, body({ joinUrl: plant("refused: invite") }));
    await post("too large", 413, body({ instructions: plant("refused: large").repeat(9_000) }));
    await post("no JSON", 415, plant("refused: form"), { "content-type": "text/plain" });
    await post("another key's", 401, body({}), { authorization: `Bearer ${plant("refused: token")}` });
    const known = texts.find(({ name }) => name === "live: idempotency key")?.text ?? "";
    await post("a key that is taken", 422, body({ instructions: plant("refused: repeated") }), {
      "idempotency-key": known,
    });
    const get = (what: string, status: number, path: string) =>
      refused(what, status, path, { method: "GET" });
    await get("a path", 404, `/api/claims/${plant("refused: path")}`);
    await get("a route", 404, `/${plant("refused: route")}`);
    await get("a query", 400, `/api/instances?ended=${plant("refused: query")}`);
    await get("a query of an open route", 200, `/api/pool/counts?key=${plant("refused: query")}`);
    const secret = await readSecret(platform.registry, instanceOf("live"), "instance-secret");
    const report = { epoch: 1, sequence: 99, kind: "fault", part: "brain", code: "given-up" };
    const events = `/api/instances/${instanceOf("live")}/events`;
    const asAgent = { authorization: `Bearer ${secret}` };
    for (const fault of [
      { part: plant("refused: part") },
      { code: plant("refused: code") },
      { text: plant("refused: words") },
    ])
      await refused("a fault with words", 400, events, {
        method: "POST",
        body: JSON.stringify({ ...report, ...fault }),
        headers: asAgent,
      });
    // Well-formed, and without an effect.
    await refused("a fault of another epoch", 409, events, {
      method: "POST",
      body: JSON.stringify({ ...report, epoch: 2 }),
      headers: asAgent,
    });
    const places = refusals.map(({ what, text }) => ({ where: `the answer to ${what}`, text }));
    expect(findLeaks(places, [...texts, ...secrets, ...configured])).toEqual([]);
  }, 30_000);

  it("are nowhere while claims are open", async () => {
    const found = await leaks();
    expect(found.filter((leak) => !isMeant(leak))).toEqual([]);
    // Where they are meant to be they are found: the search sees what it looks at.
    expect(found).toContain("live: name in the answer to GET /api/claims/{id} (claim)");
    expect(found).toContain(`the management key in ${OWN_ENVIRONMENT}`);
  }, 60_000);

  it("of an exploded agent are not even where they were meant to be", async () => {
    // As if all had been there for long: nothing is waited for that could come late.
    await sql`UPDATE resources SET state_since = now() - interval '1 hour'`.execute(platform.registry.db);
    await sql`UPDATE instance_events SET at = at - interval '1 hour'`.execute(platform.registry.db);
    const id = instanceOf("live");
    await platform.request("POST", `/api/instances/${id}/explode`, {});
    await eventually("it has exploded", async () => (await platform.instance(id)).state === "exploded");
    const found = await leaks();
    expect(found.filter((leak) => !isMeant(leak))).toEqual([]);
    expect(found.filter((leak) => leak.startsWith("live:"))).toEqual([]);
  }, 60_000);
});

describe("the search", () => {
  it("finds what is planted in each place", async () => {
    const { temporal, registry } = platform;
    const planted: Canary = { name: "planted", text: unique("planted") };
    const { text } = planted;
    expect(await leaks([planted])).toEqual([]);

    await appendFile(join(platform.dir, "gateway.log"), `{"reason":"${text}"}\n`);
    const run = { taskQueue: "nobody", workflowId: "planted" };
    await temporal.workflow.start("planted-input", { ...run, args: [{ deep: [text] }] });
    await temporal.workflow.start("planted-id", { ...run, workflowId: `planted/${text}` });
    await temporal.workflow.start("planted-memo", { ...run, workflowId: "memo", memo: { text } });
    await temporal.workflow.start("planted-attribute", {
      ...run,
      workflowId: "attribute",
      searchAttributes: { ClaimId: [text] },
    });
    await eventually("they are listed", async () => {
      const types: string[] = [];
      for await (const { type } of temporal.workflow.list()) types.push(type);
      return types.filter((type) => type.startsWith("planted")).length === 4;
    });
    const id = instanceOf("joined");
    await sql`INSERT INTO instance_events (instance_id, kind, detail) VALUES (${id}, 'planted', ${text})`.execute(
      registry.db,
    );
    await sql`UPDATE secrets SET sealed = ${Buffer.from(`\0${text}`)} WHERE instance_id = ${id}`.execute(
      registry.db,
    );
    await sql`CHECKPOINT`.execute(registry.db);
    await storeSecret(registry, registry.db, id, "state-key", "sealed as it has to be");
    await platform.request("POST", "/api/pool/pause", { reason: text });
    await fetch(`${platform.openrouter.url}/keys/${text}`, { method: "DELETE" });
    const child = spawn(process.execPath, ["-e", "console.log(1);setInterval(() => {}, 1000)", text], {
      env: { PLANTED: text },
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      await once(child.stdout, "data");
      const found = new Set(await leaks([planted]));
      const expected = [
        "a log or a file of Temporal",
        "a file of Postgres",
        "a workflow's history (planted-input)",
        "a workflow's description (planted-id)",
        "a workflow's description (planted-memo)",
        "a workflow's description (planted-attribute)",
        "table instance_events.detail",
        "table secrets.sealed",
        "table pools.paused_reason",
        "the answer to GET /api/pool (admin)",
        "the answer to GET /api/instances/{id} (admin)",
        "a URL at a provider",
        "a process's arguments",
        "a process's environment",
      ];
      expect(expected.filter((where) => !found.has(`planted in ${where}`))).toEqual([]);
      expect([...found].filter((leak) => /\((claim|nobody)\)$/.test(leak))).toEqual([]);
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }, 60_000);
});
