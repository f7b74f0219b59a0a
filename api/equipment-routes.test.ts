import { afterAll, beforeAll, expect, test } from "vitest";
import { intend, listResources, recordActive } from "../activities/registry/ledger.ts";
import { storeSecret } from "../activities/registry/secrets.ts";
import { type Fixture, startFixture } from "./testing/fixture.ts";
import { type Call, call } from "./testing/http.ts";
import { POOL, reportingInstance } from "./testing/instances.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
  await configure(["agentmail", "telnyx"]);
});
afterAll(() => fixture[Symbol.asyncDispose]());

const configure = (providers: readonly ("agentmail" | "telnyx" | "bankr")[]) =>
  fixture.registry.db
    .insertInto("provider_accounts")
    .values(providers.map((provider) => ({ provider, account: provider, configured: true })))
    .execute();
const setTimings = (number: "eager" | "on-demand" | "off") =>
  fixture.registry.db.updateTable("pools").set({ number_timing: number }).where("name", "=", POOL).execute();
const equipment = (id: string, options: Call) =>
  call(fixture.gateway.url, `/api/instances/${id}/equipment`, options);
const statuses = (body: { items: { kind: string; status: string }[] }) =>
  Object.fromEntries(body.items.map(({ kind, status }) => [kind, status]));

test("an agent sees what it has, with the keys that are its own, and nobody else does", async () => {
  const { registry } = fixture;
  await setTimings("eager");
  const { id, secret } = await reportingInstance(registry);
  for (const [kind, externalId] of [
    ["mailbox", "convos-1@agentmail.to"],
    ["mailbox-key", "convos-1@agentmail.to/k"],
  ] as const)
    await recordActive(registry.db, (await intend(registry, id, "agentmail", kind)).id, externalId);
  await storeSecret(registry, registry.db, id, "mailbox-key", "am_only_mine");
  const { status, headers, body } = await equipment(id, { token: secret });
  expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
  expect(body.items).toEqual([
    { provider: "openrouter", kind: "model-key", status: "off" },
    { provider: "agentmail", kind: "mailbox", status: "ready", externalId: "convos-1@agentmail.to" },
    {
      ...{ provider: "agentmail", kind: "mailbox-key", status: "ready" },
      ...{ externalId: "convos-1@agentmail.to/k", secret: "am_only_mine" },
    },
    { provider: "telnyx", kind: "number", status: "coming" },
    { provider: "bankr", kind: "wallet", status: "off" },
    { provider: "bankr", kind: "wallet-key", status: "off" },
  ]);
  expect((await equipment(id, {})).status).toBe(401);
  expect(JSON.stringify(fixture.log)).not.toContain("am_only_mine");
});

test("a number on demand is intended when it is asked for, once", async () => {
  await setTimings("on-demand");
  const { id, secret } = await reportingInstance(fixture.registry);
  expect(statuses((await equipment(id, { token: secret })).body).number).toBe("on-demand");
  for (let n = 0; n < 2; n++) {
    const asked = await equipment(id, { token: secret, body: { name: "number" } });
    expect([asked.status, statuses(asked.body).number]).toEqual([202, "coming"]);
  }
  expect(await listResources(fixture.registry, id)).toMatchObject([{ kind: "number", state: "intended" }]);
});

test("what is off, or has no account, is refused", async () => {
  await setTimings("off");
  const { id, secret } = await reportingInstance(fixture.registry);
  for (const name of ["number", "wallet"]) {
    const { status, body } = await equipment(id, { token: secret, body: { name } });
    expect([status, body.code]).toEqual([409, "conflict"]);
  }
  expect(await listResources(fixture.registry, id)).toEqual([]);
});
