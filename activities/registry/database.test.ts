import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../../infra/testing/eventually.ts";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { type Database, openDatabase } from "./database.ts";

const TERMINATED = "57P01";

let registry: TestRegistry;
let db: Database;
let lost: string[];

beforeAll(async () => {
  registry = await startTestRegistry();
  lost = [];
  db = openDatabase(registry.url, {
    maxConnections: 1,
    onError: (error) => lost.push("code" in error ? String(error.code) : error.message),
  });
});
afterAll(async () => {
  await db.destroy();
  await registry[Symbol.asyncDispose]();
});

const pidOf = async (querier: Pick<Database, "getExecutor">): Promise<number> => {
  const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(querier);
  return rows[0]?.pid ?? 0;
};
const terminate = (pid: number) => sql`SELECT pg_terminate_backend(${pid})`.execute(registry.registry.db);

it("survives the loss of a connection that rests within a transaction, and opens another", async () => {
  const asked = db.transaction().execute(async (tx) => {
    await terminate(await pidOf(tx));
    await eventually("the loss is noticed", () => lost.includes(TERMINATED));
    await sql`SELECT 1`.execute(tx);
  });
  await expect(asked).rejects.toThrow();
  expect(await pidOf(db)).toBeGreaterThan(0);
});

it("hears once of the loss of an idle connection, and opens another", async () => {
  lost = [];
  const before = await pidOf(db);
  await terminate(before);
  await eventually("the loss is noticed", () => lost.includes(TERMINATED));
  expect(lost.filter((code) => code === TERMINATED)).toHaveLength(1);
  expect(await pidOf(db)).not.toBe(before);
});
