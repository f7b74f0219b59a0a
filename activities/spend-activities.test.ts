import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { InstanceId } from "../domain/ids.ts";
import { INITIAL_LIMIT, monthOf, toMicros, toUsd } from "../domain/money.ts";
import { type OpenRouterDouble, startOpenRouterDouble } from "../infra/local/doubles/openrouter/server.ts";
import { startTestRegistry, type TestRegistry } from "../infra/testing/registry.ts";
import { OpenRouterClient } from "./openrouter/client.ts";
import { modelKeyKind } from "./openrouter/model-key.ts";
import { readTimeline } from "./registry/instances.ts";
import { readSecret } from "./registry/secrets.ts";
import { giveGrant, isCreditDue, readSpend, readSpendDays } from "./registry/spend.ts";
import { ensureResource } from "./resources/ensure-resource.ts";
import { spendActivities } from "./spend-activities.ts";

const MODEL = "anthropic/claude-sonnet-4.5";
/** Three dollars for a million tokens of input, four characters each. */
const CHARS_PER_USD = 4_000_000 / 3;

let registry: TestRegistry;
let double: OpenRouterDouble;
let spending: ReturnType<typeof spendActivities>;
let id: InstanceId;

beforeAll(async () => {
  registry = await startTestRegistry();
  double = await startOpenRouterDouble();
});
afterAll(async () => {
  await double.close();
  await registry[Symbol.asyncDispose]();
});
beforeEach(async () => {
  const openrouter = new OpenRouterClient({ baseUrl: double.url, managementKey: double.managementKey });
  spending = spendActivities({ registry: registry.registry, openrouter });
  id = await registry.idle();
  await ensureResource(registry.registry, modelKeyKind(openrouter), id);
});

const keyOf = () => double.state().keys.find(({ name }) => name.endsWith(id));
const spend = async (usd: number) => {
  const secret = await readSecret(registry.registry, id, "model-key");
  const messages = [{ role: "user", content: "x".repeat(usd * CHARS_PER_USD) }];
  const answer = await fetch(`${double.url}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ model: MODEL, messages }),
  });
  await answer.text();
  return answer.status;
};

test("a key may spend little until its agent is claimed, then a month's allowance, once", async () => {
  expect(keyOf()?.limit).toBe(toUsd(INITIAL_LIMIT));
  expect(isCreditDue(await readSpend(registry.registry, id), new Date())).toBe(true);
  await spending.settleCredit(id);
  await spending.settleCredit(id);
  expect(keyOf()?.limit).toBe(20);
  const after = await readSpend(registry.registry, id);
  expect(after.grants).toMatchObject([{ kind: "allowance", reference: monthOf(new Date()) }]);
  expect(isCreditDue(after, new Date())).toBe(false);
});

test("a top-up counts once, whoever repeats it, and raises the limit", async () => {
  await spending.settleCredit(id);
  const topUp = { kind: "top-up", reference: "invoice-1", amount: toMicros(5), usage: 0 } as const;
  await giveGrant(registry.registry, id, topUp);
  await giveGrant(registry.registry, id, topUp);
  await expect(giveGrant(registry.registry, id, { ...topUp, amount: toMicros(6) })).rejects.toMatchObject({
    code: "conflict",
  });
  expect(isCreditDue(await readSpend(registry.registry, id), new Date())).toBe(true);
  await spending.settleCredit(id);
  expect(keyOf()?.limit).toBe(25);
});

test("a claimed agent is told of every grant but its first, once", async () => {
  const { db } = registry.registry;
  await db.updateTable("instances").set({ state: "claimed" }).where("id", "=", id).execute();
  const told = () => db.selectFrom("inbound").select("kind").where("instance_id", "=", id).execute();
  await spending.settleCredit(id);
  expect(await told()).toEqual([]);
  const topUp = { kind: "top-up", reference: "invoice-3", amount: toMicros(5), usage: 0 } as const;
  await giveGrant(registry.registry, id, topUp);
  await spending.settleCredit(id);
  await spending.settleCredit(id);
  expect(await told()).toEqual([{ kind: "credits" }]);
});

test("next month gives back what was used, and what was topped up stays", async () => {
  await giveGrant(registry.registry, id, {
    kind: "allowance",
    reference: "2026-01",
    amount: toMicros(19),
    usage: 0,
  });
  await giveGrant(registry.registry, id, {
    kind: "top-up",
    reference: "invoice-2",
    amount: toMicros(5),
    usage: 0,
  });
  expect(await spend(0.6)).toBe(200);
  const used = keyOf()?.usage ?? 0;
  expect(used).toBeGreaterThan(0.5);
  await spending.settleCredit(id);
  expect(keyOf()?.limit).toBeCloseTo(25 + used, 5);
});

test("the sweep writes down what was spent and says once who has run out; a top-up ends that", async () => {
  const before = await spending.sweepSpend();
  expect(before.exhausted).not.toContain(id);
  expect(await spend(0.9)).toBe(200);
  expect(await spend(0.9)).not.toBe(500);
  expect((await spending.sweepSpend()).exhausted).toEqual([id]);
  expect((await spending.sweepSpend()).exhausted).toEqual([]);
  const { usage, exhaustedAt } = await readSpend(registry.registry, id);
  expect(toUsd(usage)).toBeCloseTo(keyOf()?.usage ?? 0, 5);
  expect(exhaustedAt).toBeInstanceOf(Date);
  expect(await readSpendDays(registry.registry, id)).toMatchObject([
    { day: new Date().toISOString().slice(0, 10), usage, limit: INITIAL_LIMIT },
  ]);
  expect((await readTimeline(registry.registry, id)).map(({ kind }) => kind)).toContain("credit-exhausted");
  await spending.settleCredit(id);
  expect((await readSpend(registry.registry, id)).exhaustedAt).toBeUndefined();
});
