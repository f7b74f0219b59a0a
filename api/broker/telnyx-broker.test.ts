import Telnyx from "telnyx";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LIMITS } from "../../domain/limits.ts";
import type { Fault } from "../../infra/local/doubles/base/faults.ts";
import { TestTelnyx } from "../../infra/local/doubles/telnyx/testing.ts";
import { type OutsideFixture, startOutsideFixture, type TestInstance } from "../testing/outside-fixture.ts";

const SOMEBODY = "+19985550123";
let telnyx: TestTelnyx;
let fixture: OutsideFixture;
let profile: string;

beforeAll(async () => {
  telnyx = await TestTelnyx.start();
  fixture = await startOutsideFixture({
    TELNYX_API_KEY: telnyx.double.apiKey,
    TELNYX_BASE_URL: telnyx.double.url,
  });
  profile = await telnyx.createProfile();
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await telnyx.close();
});

const baseUrl = (id: string): string => `${fixture.gateway.url}/broker/${id}/telnyx/v2`;
/** The official SDK as an agent would use it; its retries are on, as they are by default. */
const sdkOf = ({ id, secret }: TestInstance): Telnyx =>
  new Telnyx({ apiKey: secret, baseURL: baseUrl(id), logLevel: "off" });

async function agentWithNumber(state: "claimed" | "idle" = "claimed") {
  const number = await telnyx.buyNumber(profile, `cv-test-${Math.random().toString(36).slice(2)}`);
  const instance = await fixture.instance({ number, state });
  return { number, instance, sdk: sdkOf(instance) };
}

const messagesTo = async (to: string): Promise<{ from: string; text: string }[]> => {
  const { body } = await telnyx.control("GET", "telnyx/messages");
  const { messages }: { messages: { from: string; to: string; text: string }[] } = Object(body);
  return messages.filter((message) => message.to === to);
};

/** The next message is sent, and the answer goes wrong. */
const failAfter = (fault: Fault): void =>
  telnyx.double.faults.add({
    match: { method: "POST", path: "^/v2/messages$" },
    fault,
    position: "after",
  });

/** Status and code of the SDK's error. */
async function failure(call: PromiseLike<unknown>): Promise<{ status: unknown; code: unknown }> {
  try {
    await call;
  } catch (error) {
    const { status, error: body } = Object(error);
    return { status, code: Object(body).errors?.[0]?.code };
  }
  throw new Error("it did not fail");
}

it("sends from the agent's own number and profile, whatever it says, and reads its own messages", async () => {
  const [{ number, instance, sdk }, other] = [await agentWithNumber(), await agentWithNumber()];
  const to = "+13125550142";
  const { data } = await sdk.messages.send({
    to,
    text: "On my way",
    from: other.number,
    messaging_profile_id: "00000000-0000-4000-8000-000000000001",
    webhook_url: "https://attacker.example.org/hook",
    use_profile_webhooks: false,
  });
  expect(data).toMatchObject({ direction: "outbound", from: { phone_number: number }, text: "On my way" });
  expect(await messagesTo(to)).toMatchObject([{ from: number, text: "On my way" }]);
  const sent = await telnyx.sdk.messages.retrieve(String(data?.id));
  expect(sent.data).toMatchObject({ webhook_url: null, messaging_profile_id: profile });

  const id = String(data?.id);
  expect((await sdk.messages.retrieve(id)).data).toMatchObject({ id });
  expect(await failure(other.sdk.messages.retrieve(id))).toEqual({ status: 403, code: "10010" });
  expect(await failure(sdk.messages.retrieve("11111111-1111-4111-8111-111111111111"))).toEqual({
    status: 404,
    code: "10005",
  });
  const incoming = await telnyx.control("POST", "telnyx/receive", {
    to: number,
    from: SOMEBODY,
    text: "Hello",
  });
  const { messageId } = Object(incoming.body);
  expect((await sdk.messages.retrieve(messageId)).data).toMatchObject({ direction: "inbound" });
  expect(await failure(other.sdk.messages.retrieve(messageId))).toEqual({ status: 403, code: "10010" });
  expect(fixture.lines.join("\n")).not.toMatch(/On my way|Hello|5550142|attacker/);
  expect(fixture.lines.join("\n")).not.toContain(instance.secret);
});

it("lists the agent's own number alone", async () => {
  const [own] = [await agentWithNumber(), await agentWithNumber()];
  const numbers: unknown[] = [];
  for await (const { phone_number } of own.sdk.phoneNumbers.list({ filter: { tag: "x" } }))
    numbers.push(phone_number);
  expect(numbers).toEqual([own.number]);
  const without = await fixture.instance();
  expect((await sdkOf(without).phoneNumbers.list()).data).toEqual([]);
});

it("refuses everything else, in the provider's words, and asks the provider nothing", async () => {
  const { number, instance, sdk } = await agentWithNumber();
  const idle = await agentWithNumber("idle");
  const FORBIDDEN = { status: 403, code: "10010" };
  expect(await failure(sdk.availablePhoneNumbers.list())).toEqual(FORBIDDEN);
  expect(await failure(sdk.numberOrders.create({ phone_numbers: [{ phone_number: number }] }))).toEqual(
    FORBIDDEN,
  );
  expect(await failure(sdk.phoneNumbers.delete(number))).toEqual(FORBIDDEN);
  expect(await failure(sdk.messagingProfiles.list())).toEqual(FORBIDDEN);
  expect(await failure(sdk.balance.retrieve())).toEqual(FORBIDDEN);
  expect(await failure(sdk.messages.sendGroupMms({ from: number, to: [SOMEBODY] }))).toEqual(FORBIDDEN);
  expect(await failure(idle.sdk.messages.send({ to: SOMEBODY, text: "no" }))).toEqual(FORBIDDEN);
  const foreign = new Telnyx({
    apiKey: instance.secret,
    baseURL: baseUrl(idle.instance.id),
    logLevel: "off",
  });
  const stranger = new Telnyx({
    apiKey: telnyx.double.apiKey,
    baseURL: baseUrl(instance.id),
    logLevel: "off",
  });
  expect(await failure(foreign.messages.send({ to: SOMEBODY, text: "no" }))).toEqual({
    status: 401,
    code: "10009",
  });
  expect(await failure(stranger.phoneNumbers.list())).toEqual({ status: 401, code: "10009" });
  expect(telnyx.double.state().numbers.map(({ phoneNumber }) => phoneNumber)).toContain(number);
  expect(await messagesTo(SOMEBODY)).toEqual([]);
  const large = { to: SOMEBODY, text: "x".repeat(LIMITS.brokerRequestMaxBytes) };
  expect(await failure(sdk.messages.send(large))).toEqual({ status: 413, code: "10015" });
});

it("passes the provider's refusals on as they are", async () => {
  const { sdk } = await agentWithNumber();
  expect(await failure(sdk.messages.send({ to: "+493012345678", text: "Hallo" }))).toEqual({
    status: 400,
    code: "40309",
  });
  expect(await failure(sdk.messages.send({ to: "nobody", text: "Hello" }))).toEqual({
    status: 400,
    code: "40310",
  });
});

it("sends once, also when the provider has done it but said that it failed, and a client would try again", async () => {
  const { sdk } = await agentWithNumber();
  const to = "+13125550143";
  failAfter({ kind: "status", status: 500, body: { errors: [] } });
  const { status } = await failure(sdk.messages.send({ to, text: "just once" }));
  expect(status).toBeGreaterThanOrEqual(500);
  expect(await messagesTo(to)).toHaveLength(1);
  failAfter({ kind: "reset" });
  expect(await failure(sdk.messages.send({ to, text: "and once" }))).toEqual({ status: 504, code: "10037" });
  expect(await messagesTo(to)).toHaveLength(2);
});

it("lets an agent ask only so often, and says when again", async () => {
  const instance = await fixture.instance();
  const ask = () =>
    fetch(`${baseUrl(instance.id)}/phone_numbers`, {
      headers: { authorization: `Bearer ${instance.secret}` },
    });
  const answers = await Promise.all(Array.from({ length: 2 * LIMITS.brokerRate.burst }, ask));
  expect(answers.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(LIMITS.brokerRate.burst);
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]?.headers.get("retry-after")).toMatch(/^[1-9]$/);
  expect(await refused[0]?.json()).toMatchObject({ errors: [{ code: "10011" }] });
});

it("does not tell agents about the platform's own trouble with the provider", async () => {
  const { sdk, instance } = await agentWithNumber();
  await using broken = await startOutsideFixture({
    TELNYX_API_KEY: "KEY-wrong",
    TELNYX_BASE_URL: telnyx.double.url,
  });
  const theirs = await broken.instance({ number: "+13125550144" });
  const client = new Telnyx({
    apiKey: theirs.secret,
    baseURL: `${broken.gateway.url}/broker/${theirs.id}/telnyx/v2`,
    maxRetries: 0,
    logLevel: "off",
  });
  expect(await failure(client.phoneNumbers.list())).toEqual({ status: 503, code: "10037" });
  expect(broken.lines.join("\n")).toContain("broker-denied");
  // The fence takes the right away.
  await fixture.test.registry.db
    .updateTable("instances")
    .set({ desired: "absent", end_reason: "operator" })
    .where("id", "=", instance.id)
    .execute();
  expect(await failure(sdk.messages.send({ to: SOMEBODY, text: "late" }))).toEqual({
    status: 403,
    code: "10010",
  });
});
