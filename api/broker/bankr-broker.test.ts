import { afterAll, beforeAll, expect, it } from "vitest";
import { TestDouble } from "../../infra/local/doubles/bankr/testing.ts";
import type { Fault } from "../../infra/local/doubles/base/faults.ts";
import { type Answer, call } from "../testing/http.ts";
import { type OutsideFixture, startOutsideFixture, type TestInstance } from "../testing/outside-fixture.ts";

let bankr: TestDouble;
let fixture: OutsideFixture;
let owner: TestInstance;
let url: string;
let key: string;

beforeAll(async () => {
  bankr = await TestDouble.start();
  fixture = await startOutsideFixture();
  owner = await fixture.instance();
  ({ key } = await bankr.wallet(undefined, { ETH: "1" }));
  const gateway = await fixture.startAnother({
    BANKR_BASE_URL: bankr.double.url,
    BANKR_API_KEY: key,
    BANKR_API_KEY_INSTANCE: owner.id,
  });
  url = gateway.url;
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await bankr.close();
});

const ask = (
  { id, secret }: TestInstance,
  path: string,
  options: { method?: string; body?: unknown; token?: string } = {},
): Promise<Answer> => call(url, `/broker/${id}/bankr${path}`, { token: secret, ...options });

const transfer = { to: `0x${"1".repeat(40)}`, token: "ETH", amount: "0.1", chain: "base" };
const seenTransfers = (): number => bankr.double.faults.list().reduce((sum, { seen }) => sum + seen, 0);
const onTransfer = (fault: Fault, position: "before" | "after"): void =>
  bankr.double.faults.add({ match: { method: "POST", path: "^/wallet/transfer$" }, fault, position });

it("gives the wallet to the one agent that the key belongs to", async () => {
  const me = await ask(owner, "/wallet/me");
  expect(me.status).toBe(200);
  const direct = await bankr.user(key, "GET", "/wallet/me");
  expect(me.body.success).toBe(direct.at("success"));
  expect((await ask(owner, "/wallet/portfolio?chains=base")).status).toBe(200);
});

it("refuses every other agent and every other path", async () => {
  const other = await fixture.instance();
  for (const path of ["/wallet/me", "/wallet/portfolio"])
    expect(await ask(other, path)).toMatchObject({ status: 403, body: { error: "Forbidden" } });
  expect((await ask(other, "/wallet/transfer", { body: transfer })).status).toBe(403);
  expect((await ask(owner, "/wallet/me", { token: other.secret })).status).toBe(401);
  for (const path of ["/partner/wallets", "/agent/me", "/wallet/portfolio/../../partner/wallets", "/"])
    expect(await ask(owner, path)).toMatchObject({ status: 403, body: { error: "Forbidden" } });
  for (const path of ["/agent/prompt", "/wallet/swap", "/wallet/sign", "/wallet/submit"])
    expect(await ask(owner, path, { body: {} })).toMatchObject({ status: 403, body: { error: "Forbidden" } });
  expect((await ask(owner, "/wallet/me?x-partner-key=1")).status).toBe(400);
  expect(fixture.lines.join("\n")).not.toContain(key);
});

it("knows no wallet where there is no key, and takes the right away with the fence", async () => {
  const answer = await call(fixture.gateway.url, `/broker/${owner.id}/bankr/wallet/me`, {
    token: owner.secret,
  });
  expect(answer.status).toBe(404);
  const { db } = fixture.test.registry;
  const fence = (desired: "present" | "absent") =>
    db.updateTable("instances").set({ desired, end_reason: "operator" }).where("id", "=", owner.id).execute();
  await fence("absent");
  expect((await ask(owner, "/wallet/me")).status).toBe(403);
  await fence("present");
  expect((await ask(owner, "/wallet/me")).status).toBe(200);
});

it("sends what moves money once, whatever becomes of the answer", async () => {
  onTransfer({ kind: "reset" }, "after");
  const lost = await ask(owner, "/wallet/transfer", { body: transfer });
  expect(lost).toMatchObject({ status: 504, body: { error: "Gateway timeout" } });
  expect(lost.body.message).toContain("look before you repeat");
  expect(lost.headers.get("x-should-retry")).toBe("false");
  onTransfer({ kind: "html" }, "after");
  expect((await ask(owner, "/wallet/transfer", { body: transfer })).status).toBe(504);
  // Each rule fires once: a second request of the same call would have left nothing armed for the next one.
  onTransfer({ kind: "status", status: 503, body: { error: "Unavailable" } }, "before");
  onTransfer({ kind: "status", status: 418, body: { error: "Unexpected second request" } }, "before");
  const refused = await ask(owner, "/wallet/transfer", { body: transfer });
  expect(refused).toMatchObject({ status: 503, body: { error: "Unavailable" } });
  expect(seenTransfers()).toBe(1);
  bankr.double.faults.clear();
});
