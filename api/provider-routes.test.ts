import { afterAll, beforeAll, expect, test } from "vitest";
import { recordThrottled, takeOrThrow, takeToken } from "../activities/rate-limit/take-token.ts";
import { recordAccounts } from "../activities/registry/accounts.ts";
import {
  beginRelease,
  intend,
  recordActive,
  recordAmbiguous,
  settle,
} from "../activities/registry/ledger.ts";
import { ResourceCatalogue } from "../activities/resources/catalogue.ts";
import { TelnyxClient } from "../activities/telnyx/client.ts";
import { NumberKind } from "../activities/telnyx/number.ts";
import { startTestRegistry, type TestRegistry } from "../infra/testing/registry.ts";
import { viewProviders } from "./provider-view.ts";
import { type Fixture, startFixture } from "./testing/fixture.ts";
import { call } from "./testing/http.ts";

const TELNYX_ONLY = new NumberKind({
  client: new TelnyxClient({ apiKey: "any", baseUrl: "http://127.0.0.1:9/v2" }),
  profile: { name: "cv-test" },
});

let fixture: Fixture;
let testRegistry: TestRegistry;
beforeAll(async () => {
  [fixture, testRegistry] = await Promise.all([startFixture(), startTestRegistry()]);
});
afterAll(async () => {
  await testRegistry[Symbol.asyncDispose]();
  await fixture[Symbol.asyncDispose]();
});

test("every provider is shown to those with a key, and to nobody else", async () => {
  const { url } = fixture.gateway;
  const { status, body } = await call(url, "/api/providers");
  expect(status).toBe(200);
  expect(body.providers.map(({ provider }: { provider: string }) => provider)).toEqual([
    ...["compute", "openrouter", "agentmail", "telnyx", "bankr"],
  ]);
  expect(body.providers[0]).toEqual({
    ...{ provider: "compute", account: "compute", configured: false },
    ...{ buckets: [], resources: {}, lastError: null },
  });
  expect((await call(url, "/api/providers", { token: "" })).status).toBe(401);
  expect((await call(url, "/api/providers", { token: "another-key-0123456789" })).status).toBe(401);
});

test("an account's budget is shown as it is now, through HTTP", async () => {
  const { db } = fixture.registry;
  const budget = { account: "bankr", bucket: "requests", capacity: 20, refillPerSecond: 0.001 };
  for (let n = 0; n < 3; n++) await takeToken(db, budget);
  const rate = { capacity: 1, refillPerSecond: 0.001 };
  await takeOrThrow(db, "bankr/wallet-create", rate);
  await expect(takeOrThrow(db, "bankr/wallet-create", rate)).rejects.toMatchObject({ code: "throttled" });
  await recordThrottled(db, budget, 60_000);
  const { body } = await call(fixture.gateway.url, "/api/providers");
  const bankr = body.providers.find(({ provider }: { provider: string }) => provider === "bankr");
  expect(bankr.buckets).toEqual([
    {
      ...{ bucket: "requests", tokens: 17, capacity: 20, refillPerSecond: 0.001, minGapMs: 0 },
      ...{ blockedUntil: expect.any(String), requests: 3, refused: 0, throttled: 1 },
    },
    {
      ...{ bucket: "wallet-create", tokens: 0, capacity: 1, refillPerSecond: 0.001, minGapMs: 0 },
      ...{ blockedUntil: null, requests: 1, refused: 1, throttled: 0 },
    },
  ]);
  expect(Date.parse(bankr.buckets[0].blockedUntil)).toBeGreaterThan(Date.now() + 50_000);
});

test("what the ledger has is counted by kind and state, without what has ended", async () => {
  const { registry } = testRegistry;
  const entry = async (kind: string) => intend(registry, await testRegistry.idle(), "telnyx", kind);
  const active = [await entry("number"), await entry("number")];
  for (const [n, { id }] of active.entries()) await recordActive(registry.db, id, `number-${n}`);
  await recordAmbiguous(registry, (await entry("number")).id, "ambiguous");
  await entry("profile");
  const ended = await entry("profile");
  await beginRelease(registry, ended.id);
  await settle(registry, ended.id, { kind: "absent" });
  await recordAccounts(registry, new ResourceCatalogue([TELNYX_ONLY]), "docker");
  const { providers } = await viewProviders(registry);
  const of = (name: string) => providers.find(({ provider }) => provider === name);
  expect(of("telnyx")).toEqual({
    ...{ provider: "telnyx", account: "telnyx", configured: true, buckets: [], lastError: "ambiguous" },
    resources: { number: { active: 2, ambiguous: 1 }, profile: { intended: 1 } },
  });
  expect(of("bankr")).toEqual({
    ...{ provider: "bankr", account: "bankr", configured: false },
    ...{ buckets: [], resources: {}, lastError: null },
  });
  expect(of("compute")).toMatchObject({ account: "docker", configured: true });
});

test("a block that is over is not shown", async () => {
  const { registry } = testRegistry;
  const budget = { account: "telnyx", bucket: "requests", capacity: 5, refillPerSecond: 1 };
  const longAgo = new Date(Date.now() - 3_600_000);
  await takeToken(registry.db, budget, { now: longAgo });
  await recordThrottled(registry.db, budget, 1_000, longAgo);
  const { providers } = await viewProviders(registry);
  const telnyx = providers.find(({ provider }) => provider === "telnyx");
  expect(telnyx?.buckets).toMatchObject([{ tokens: 5, blockedUntil: null, throttled: 1 }]);
});
