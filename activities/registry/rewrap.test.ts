import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { loadDelivery } from "./claims.ts";
import { intakeClaim } from "./intake.ts";
import type { Registry } from "./registry.ts";
import { rewrapDataKeys } from "./rewrap.ts";
import { readSecret, storeSecret } from "./secrets.ts";
import { localVault } from "./vault.ts";

const [former, current] = [randomBytes(32), randomBytes(32)];
const INSTRUCTIONS = "You are our trip planner";
let test: TestRegistry;
let before: Registry;
let during: Registry;
let after: Registry;

beforeAll(async () => {
  test = await startTestRegistry();
  const withKeys = (master: Buffer, previous: readonly Buffer[]): Registry => ({
    ...test.registry,
    vault: localVault({ master, previous, digest: former }),
  });
  before = withKeys(former, []);
  during = withKeys(current, [former]);
  after = withKeys(current, []);
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});

const claim = (registry: Registry) =>
  intakeClaim(registry, {
    pool: test.pool,
    idempotencyKey: "one",
    input: { instructions: INSTRUCTIONS },
    onEmpty: "wait",
    inviteIdentity: undefined,
  });

it("master keys are rotated while claims and instances live", async () => {
  const { db } = test.registry;
  const id = await test.idle();
  const { sealed } = await before.vault.newDataKey(`instance-key/${id}`);
  await db.updateTable("instances").set({ data_key: sealed }).where("id", "=", id).execute();
  await storeSecret(before, db, id, "model-key", "a model key");
  const { claimId } = await claim(before);

  await expect(readSecret(after, id, "model-key")).rejects.toThrow("no master key opens");
  expect(await readSecret(during, id, "model-key")).toBe("a model key");
  expect(await claim(during)).toMatchObject({ claimId, created: false });

  expect(await rewrapDataKeys(during)).toBe(2);
  expect(await rewrapDataKeys(during)).toBe(0);
  expect(await readSecret(after, id, "model-key")).toBe("a model key");
  expect((await loadDelivery(after, claimId))?.input?.instructions).toBe(INSTRUCTIONS);
  expect(await claim(after)).toMatchObject({ claimId, created: false });
  await expect(readSecret(before, id, "model-key")).rejects.toThrow("no master key opens");
});

it("a key that was deleted stays deleted", async () => {
  await test.registry.db.updateTable("instances").set({ data_key: null }).execute();
  await test.registry.db.updateTable("claims").set({ data_key: null }).execute();
  expect(await rewrapDataKeys(during)).toBe(0);
});
