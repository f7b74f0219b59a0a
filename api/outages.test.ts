import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { setPool } from "../activities/registry/pools.ts";
import { freePort } from "../infra/local/free-port.ts";
import { eventually } from "../infra/testing/eventually.ts";
import type { RunningGateway } from "./start.ts";
import { type Fixture, startFixture } from "./testing/fixture.ts";
import { call, claim } from "./testing/http.ts";
import { POOL, readyInstances, reportingInstance } from "./testing/instances.ts";
import { boundClaims, deliver } from "./testing/stand-in-worker.ts";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const without = async (part: "TEMPORAL_ADDRESS" | "DATABASE_URL"): Promise<RunningGateway> => {
  const nobody = `127.0.0.1:${await freePort()}`;
  return fixture.startAnother({ [part]: part === "DATABASE_URL" ? `postgresql://u:p@${nobody}/db` : nobody });
};

test("with all parts there, it is ready", async () => {
  const { url } = fixture.gateway;
  expect((await call(url, "/healthz", { token: "" })).body).toEqual({ ok: true });
  const ready = await call(url, "/readyz", { token: "" });
  expect([ready.status, ready.body]).toEqual([200, { ok: true }]);
});

test("without Temporal a claim is still taken and answered; what needs Temporal says so", async () => {
  const gateway = await without("TEMPORAL_ADDRESS");
  const ready = await call(gateway.url, "/readyz", { token: "" });
  expect([ready.status, ready.body.detail]).toEqual([503, "not ready: temporal"]);
  expect((await call(gateway.url, "/healthz", { token: "" })).status).toBe(200);

  const [spare, bound] = await readyInstances(fixture.registry, 2);
  const answer = claim(gateway.url, "without-temporal", { instructions: "x" });
  await eventually("a bound claim", async () => {
    const [found] = await boundClaims(fixture.registry);
    if (found) await deliver(fixture.registry, found.claimId, found.instanceId);
    return found;
  });
  expect((await answer).status).toBe(200);

  const refused = await call(gateway.url, `/api/instances/${bound}/explode`, { method: "POST" });
  expect([refused.status, refused.body.code]).toEqual([503, "unavailable"]);
  const { id, secret } = await reportingInstance(fixture.registry);
  const report = { epoch: 1, sequence: 1, kind: "exploding", reason: "member" };
  const notDurable = await call(gateway.url, `/api/instances/${id}/events`, { body: report, token: secret });
  expect(notDurable.status).toBe(503);
  expect(spare).not.toBe(bound);
  await gateway.stop();
  const failed = fixture.log.filter(({ event }) => event === "claim-start-failed");
  expect(failed).toEqual([expect.objectContaining({ reason: "A part of the platform does not answer" })]);
});

test("without Postgres nothing is taken, and the part is named", async () => {
  const gateway = await without("DATABASE_URL");
  const ready = await call(gateway.url, "/readyz", { token: "" });
  expect([ready.status, ready.body.detail]).toEqual([503, "not ready: postgres"]);
  const refused = await claim(gateway.url, "without-postgres", { instructions: "x" });
  expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
    503,
    "unavailable",
    "postgres does not answer",
  ]);
  await gateway.stop();
});

test("before a worker has made the pool, a claim is refused for now", async () => {
  const gateway = await fixture.startAnother({ POOL: "not-made-yet" });
  const refused = await claim(gateway.url, "without-pool", { instructions: "x" });
  expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
    503,
    "unavailable",
    "no worker has made the pool yet",
  ]);
  await gateway.stop();
});

test.each(["40001", "40P01"])("a claim that Postgres gives up with %s is refused for now", async (code) => {
  const { db } = fixture.registry;
  await sql`CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS
    ${sql.raw(`'BEGIN RAISE EXCEPTION USING ERRCODE = ''${code}''; END'`)}`.execute(db);
  await sql`CREATE TRIGGER give_up BEFORE INSERT ON claims EXECUTE FUNCTION give_up()`.execute(db);
  try {
    const refused = await claim(fixture.gateway.url, `given-up-${code}`, { instructions: "x" });
    expect([refused.status, refused.body.code]).toEqual([503, "unavailable"]);
  } finally {
    await sql`DROP FUNCTION give_up CASCADE`.execute(db);
  }
});

test("what nobody foresaw is an internal error without a word of it, and is in the log", async () => {
  const { url } = fixture.gateway;
  await setPool(fixture.registry, POOL, { target: 1 });
  await fixture.registry.db.schema.alterTable("pools").renameColumn("surge", "surge_secret").execute();
  try {
    const { status, body, text } = await call(url, "/api/pool");
    expect([status, body.code]).toEqual([500, "internal"]);
    expect(text).not.toContain("surge");
    const id = String(body.instance).replace("urn:request:", "");
    // The column is missing from the row, which the answer's schema finds out.
    expect(fixture.log).toContainEqual(
      expect.objectContaining({ event: "request-failed", request: id, route: "/api/pool" }),
    );
  } finally {
    await fixture.registry.db.schema.alterTable("pools").renameColumn("surge_secret", "surge").execute();
  }
});
