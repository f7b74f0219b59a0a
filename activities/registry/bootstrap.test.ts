import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Epoch, type InstanceId, parseEpoch } from "../../domain/ids.ts";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { issueBootstrapToken, redeemBootstrapToken } from "./bootstrap.ts";
import { fence } from "./end.ts";

let test: TestRegistry;
beforeAll(async () => {
  test = await startTestRegistry();
});
afterAll(() => test[Symbol.asyncDispose]());

const [one, two] = [epoch(1), epoch(2)];
function epoch(value: number): Epoch {
  const parsed = parseEpoch(value);
  if (!parsed) throw new Error("not an epoch");
  return parsed;
}
async function instance(): Promise<InstanceId> {
  const id = await test.idle();
  await test.registry.db.updateTable("instances").set({ epoch: 1 }).where("id", "=", id).execute();
  return id;
}
const issue = (id: InstanceId, at = one) => issueBootstrapToken(test.registry, id, at);
const redeem = (id: InstanceId, token: string, at: number = one) =>
  redeemBootstrapToken(test.registry, id, at, token);
const stored = () => test.registry.db.selectFrom("bootstrap_tokens").selectAll().execute();
const expire = (id: InstanceId) =>
  test.registry.db
    .updateTable("bootstrap_tokens")
    .set({ expires_at: sql<Date>`now() - interval '1 ms'` })
    .where("instance_id", "=", id)
    .execute();

it("is good once, also when it is redeemed many times at once", async () => {
  const id = await instance();
  const token = await issue(id);
  expect(Buffer.from(token, "base64url")).toHaveLength(32);
  const answers = await Promise.all(Array.from({ length: 8 }, () => redeem(id, token)));
  expect(answers.filter((answer) => answer)).toHaveLength(1);
  expect(await redeem(id, token)).toBe(false);
});

it("is kept as a hash, for ten minutes", async () => {
  const id = await instance();
  const token = await issue(id);
  const row = (await stored()).find((entry) => entry.instance_id === id);
  expect(row?.token_hash).toHaveLength(32);
  expect(JSON.stringify(row)).not.toContain(token);
  expect(row?.token_hash.equals(Buffer.from(token, "base64url"))).toBe(false);
  const lifetimeMs = (row?.expires_at.getTime() ?? 0) - Date.now();
  expect(lifetimeMs).toBeGreaterThan(9.5 * 60_000);
  expect(lifetimeMs).toBeLessThan(10.5 * 60_000);
});

it("is replaced by the next one of its instance", async () => {
  const id = await instance();
  const [first, second] = [await issue(id), await issue(id)];
  expect(await redeem(id, first)).toBe(false);
  expect(await redeem(id, second)).toBe(true);
});

it("is refused when wrong, expired, of another epoch or another instance, and not used up by that", async () => {
  const [id, other] = [await instance(), await instance()];
  const token = await issue(id);
  expect(await redeem(id, randomBytes(32).toString("base64url"))).toBe(false);
  expect(await redeem(id, token, 2)).toBe(false);
  expect(await redeem(other, token)).toBe(false);
  expect(await redeem(id, token)).toBe(true);
  const late = await issue(id);
  await expire(id);
  expect(await redeem(id, late)).toBe(false);
});

it("is over when the next epoch begins, or the instance is to be absent", async () => {
  const [next, doomed] = [await instance(), await instance()];
  const tokens = [await issue(next), await issue(doomed)] as const;
  await test.registry.db.updateTable("instances").set({ epoch: 2 }).where("id", "=", next).execute();
  await fence(test.registry, doomed, "operator");
  expect(await redeem(next, tokens[0])).toBe(false);
  expect(await redeem(next, tokens[0], 2)).toBe(false);
  expect(await redeem(doomed, tokens[1])).toBe(false);
  const refused = { code: "instance-doomed" };
  await expect(issue(next, one)).rejects.toMatchObject(refused);
  await expect(issue(doomed, one)).rejects.toMatchObject(refused);
  expect(await redeem(next, await issue(next, two), 2)).toBe(true);
});

it("leaves no expired ones behind", async () => {
  const [id, other] = [await instance(), await instance()];
  await issue(id);
  await expire(id);
  await issue(other);
  expect((await stored()).map((row) => row.instance_id)).not.toContain(id);
});
