import { afterAll, beforeAll, expect, test } from "vitest";
import { fence, storeReceipt } from "../activities/registry/end.ts";
import type { InstanceId } from "../domain/ids.ts";
import { type Fixture, startFixture } from "./testing/fixture.ts";
import { call } from "./testing/http.ts";
import { readyInstances } from "./testing/instances.ts";

let fixture: Fixture;
let url: string;
beforeAll(async () => {
  fixture = await startFixture();
  url = fixture.gateway.url;
});
afterAll(() => fixture[Symbol.asyncDispose]());

async function idle(): Promise<InstanceId> {
  const [id] = await readyInstances(fixture.registry, 1);
  if (!id) throw new Error("no instance");
  return id;
}
const topUp = (id: string, body: unknown) => call(url, `/api/instances/${id}/top-ups`, { body });

test("a top-up counts once for its reference, and shows in what the agent may spend", async () => {
  const id = await idle();
  expect((await call(url, `/api/instances/${id}/spend`)).body).toMatchObject({ grantedUsd: 1, grants: [] });
  for (let n = 0; n < 2; n++) {
    const { status, body } = await topUp(id, { reference: "invoice-7", amountUsd: 12.5 });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      grantedUsd: 13.5,
      grants: [{ kind: "top-up", reference: "invoice-7", amountUsd: 12.5 }],
    });
  }
  expect((await topUp(id, { reference: "invoice-7", amountUsd: 13 })).status).toBe(409);
});

test.each([
  [{ reference: "r", amountUsd: 0 }],
  [{ reference: "r", amountUsd: -1 }],
  [{ reference: "r", amountUsd: 501 }],
  [{ reference: "r", amountUsd: 0.001 }],
  [{ reference: "", amountUsd: 1 }],
  [{ reference: "two words", amountUsd: 1 }],
  [{ reference: "r", amountUsd: 1, more: true }],
])("a top-up of %j is refused", async (body) => {
  expect((await topUp(await idle(), body)).status).toBe(400);
});

test("an agent that is ending is not topped up", async () => {
  const id = await idle();
  await fence(fixture.registry, id, "operator");
  expect((await topUp(id, { reference: "r", amountUsd: 1 })).status).toBe(410);
  expect((await topUp("aaaaaaaaaaaa", { reference: "r", amountUsd: 1 })).status).toBe(404);
});

test("a receipt is there once it is signed", async () => {
  const id = await idle();
  expect((await call(url, `/api/instances/${id}/receipt`)).status).toBe(404);
  const receipt = { body: "{}", signature: "s", keyId: "k" };
  await storeReceipt(fixture.registry, id, receipt);
  expect((await call(url, `/api/instances/${id}/receipt`)).body).toEqual(receipt);
});
