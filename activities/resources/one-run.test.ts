import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { type Database, openDatabase } from "../registry/database.ts";
import { oneRun } from "./one-run.ts";

/** How long a transaction may rest elsewhere, and work that takes longer. */
const LIMIT_MS = 150;
const WORK_MS = 300;

let world: TestRegistry;
let db: Database;
beforeAll(async () => {
  world = await startTestRegistry();
  const limit = `idle_in_transaction_session_timeout=${LIMIT_MS}`;
  db = openDatabase(`${world.url}?${limit}`, { maxConnections: 4, onError: () => undefined });
});
afterAll(async () => {
  await db.destroy();
  await world[Symbol.asyncDispose]();
});

test("a second run of the same is refused while the first goes on, and lets others be", async () => {
  const registry = { ...world.registry, db };
  const started = Promise.withResolvers<void>();
  const first = oneRun(registry, "a", async () => {
    started.resolve();
    await delay(WORK_MS);
    return "done";
  });
  await started.promise;
  const second = oneRun(registry, "a", async () => "never");
  await expect(second).rejects.toMatchObject({ code: "transient", retryAfterMs: 5_000 });
  expect(await oneRun(registry, "b", async () => "another")).toBe("another");
  expect(await first).toBe("done");
  expect(await oneRun(registry, "a", async () => "again")).toBe("again");
});
