import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createInvite } from "../agent/convos/invite/create.ts";
import { eventually } from "../infra/testing/eventually.ts";
import { type Fixture, startFixture } from "./testing/fixture.ts";
import { call, claim } from "./testing/http.ts";
import { readyInstances } from "./testing/instances.ts";
import { boundClaims, deliver } from "./testing/stand-in-worker.ts";

/** A request that is repeated after what it names has come to an end. */

let fixture: Fixture;
let url: string;

beforeAll(async () => {
  fixture = await startFixture();
  url = fixture.gateway.url;
});
afterAll(() => fixture[Symbol.asyncDispose]());

test("an invite that has expired meanwhile: its claim is answered, a new one refused", async () => {
  await readyInstances(fixture.registry, 1);
  const { url: joinUrl } = createInvite({
    privateKey: randomBytes(32),
    inboxId: randomBytes(32).toString("hex"),
    groupId: randomBytes(16).toString("hex"),
    tag: "abcdefghij",
    env: "local",
    expiresAt: new Date(Date.now() + 2_000),
  });
  const body = { instructions: "x", joinUrl, waitMs: 0 };
  const first = await claim(url, "invited", body);
  expect(first.status).toBe(202);
  await eventually("the invite's end", async () => {
    const other = await claim(url, "another", body);
    return other.status === 422 && other.body.code === "invite-expired";
  });
  expect((await claim(url, "invited", body)).text).toBe(first.text);
  const changed = await claim(url, "invited", { ...body, instructions: "y" });
  expect(changed.body.code).toBe("idempotency-key-reused");
});

test("a live claim whose instance is gone says so", async () => {
  await readyInstances(fixture.registry, 1);
  const { claimId } = (await claim(url, "live", { instructions: "x", waitMs: 0 })).body;
  const bound = (await boundClaims(fixture.registry)).find((found) => found.claimId === claimId);
  if (!bound) throw new Error("nothing is bound");
  await deliver(fixture.registry, bound.claimId, bound.instanceId);
  await sql`UPDATE bindings SET state = 'abandoned' WHERE claim_id = ${claimId}`.execute(fixture.registry.db);
  const again = await claim(url, "live", { instructions: "x" });
  expect([again.status, again.body.code]).toEqual([410, "gone"]);
  const view = await call(url, `/api/claims/${claimId}`);
  expect([view.status, view.body.status, view.body.instanceId]).toEqual([200, "live", undefined]);
});
