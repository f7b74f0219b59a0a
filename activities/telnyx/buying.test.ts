import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { type Database, openDatabase } from "../registry/database.ts";
import { oneAtATime } from "./buying.ts";

/** What a statement may take and a transaction may rest, and a purchase that takes longer than both. */
const LIMIT_MS = 150;
const PURCHASE_MS = 250;

let registry: TestRegistry;
let db: Database;
beforeAll(async () => {
  registry = await startTestRegistry();
  const limits = `statement_timeout=${LIMIT_MS}&idle_in_transaction_session_timeout=${LIMIT_MS}`;
  db = openDatabase(`${registry.url}?${limits}`, { maxConnections: 4, onError: () => undefined });
});
afterAll(async () => {
  await db.destroy();
  await registry[Symbol.asyncDispose]();
});

test("numbers are bought one after the other, however long each takes", async () => {
  let buying = 0;
  let atOnce = 0;
  const buy = () =>
    oneAtATime({ ...registry.registry, db })(async () => {
      buying += 1;
      atOnce = Math.max(atOnce, buying);
      await delay(PURCHASE_MS);
      buying -= 1;
      return "bought";
    });
  expect(await Promise.all([buy(), buy(), buy()])).toEqual(["bought", "bought", "bought"]);
  expect(atOnce).toBe(1);
});
