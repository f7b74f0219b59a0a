import { afterAll, beforeAll, expect, it } from "vitest";
import { purge } from "../../activities/registry/end.ts";
import { LIMITS } from "../../domain/limits.ts";
import { eventually } from "../../infra/testing/eventually.ts";
import { call } from "../testing/http.ts";
import {
  ADMIN_KEY,
  mailEvent,
  type OutsideFixture,
  postAgentMail,
  postTelnyx,
  RAILWAY_SECRET,
  smsEvent,
  startOutsideFixture,
  type TestInstance,
} from "../testing/outside-fixture.ts";

let fixture: OutsideFixture;
let url: string;
let numbers = 0;
const newNumber = (): string => `+1773555${String(1000 + numbers++)}`;

beforeAll(async () => {
  fixture = await startOutsideFixture();
  url = fixture.gateway.url;
});
afterAll(() => fixture[Symbol.asyncDispose]());

const storedFor = async ({ id }: TestInstance) =>
  (await fixture.stored()).filter((row) => row.instance_id === id);
const idsFor = async (instance: TestInstance): Promise<string[]> =>
  (await storedFor(instance)).map((row) => String(row.id));
const path = ({ id }: TestInstance, inboundId: string): string => `/api/instances/${id}/inbound/${inboundId}`;

it("keeps a text message sealed, hands it to its agent alone, and forgets it once it is acknowledged", async () => {
  const number = newNumber();
  const [own, other] = [await fixture.instance({ number }), await fixture.instance()];
  const response = await postTelnyx(url, smsEvent(number, "The blue door at nine", "event-1"));
  expect(response.status).toBe(200);
  const [row] = await storedFor(own);
  expect(row).toMatchObject({ provider: "telnyx", event_id: "event-1", kind: "sms", delivered_at: null });
  expect(String(row?.id)).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(Buffer.isBuffer(row?.sealed) && row.sealed.toString("latin1")).not.toContain("blue door");

  const inboundId = String(row?.id);
  const foreign = await call(url, path(other, inboundId), { token: other.secret });
  expect(foreign.status).toBe(204);
  expect((await call(url, path(own, inboundId), { token: other.secret })).status).toBe(401);
  await call(url, path(other, inboundId), { method: "DELETE", token: other.secret });
  const fetched = await call(url, path(own, inboundId), { token: own.secret });
  expect(fetched.status).toBe(200);
  expect(fetched.headers.get("cache-control")).toBe("no-store");
  expect(fetched.body).toEqual({
    kind: "sms",
    message: {
      from: "+13125550100",
      to: number,
      sentAt: "2026-01-02T03:04:05.000Z",
      reference: "40385f64-5717-4562-b3fc-2c963f66afa6",
      text: "The blue door at nine",
      attachments: [],
    },
  });
  const options = { method: "DELETE", token: own.secret };
  expect((await call(url, path(own, inboundId), options)).status).toBe(204);
  expect((await call(url, path(own, inboundId), options)).status).toBe(204);
  expect((await call(url, path(own, inboundId), { token: own.secret })).status).toBe(204);
  expect(await storedFor(own)).toMatchObject([{ sealed: null, delivered_at: expect.any(Date) }]);
  expect(fixture.lines.join("\n")).not.toMatch(/blue door|3125550100/);
});

it("keeps an event once, however often and at once it is sent, also after it was delivered", async () => {
  const number = newNumber();
  const instance = await fixture.instance({ number });
  const send = () => postTelnyx(url, smsEvent(number, "once", "event-often"));
  const statuses = (await Promise.all([send(), send(), send()])).map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 200]);
  const [id, ...others] = await idsFor(instance);
  expect(others).toEqual([]);
  await call(url, path(instance, String(id)), { method: "DELETE", token: instance.secret });
  expect((await send()).status).toBe(200);
  expect(await idsFor(instance)).toEqual([id]);
});

it("refuses what is not signed by the provider for these bytes within five minutes, and keeps nothing", async () => {
  const number = newNumber();
  const instance = await fixture.instance({ number });
  const body = smsEvent(number, "forged", "event-forged");
  const attempts = [
    postTelnyx(url, body, { signed: JSON.stringify(smsEvent(number, "another")) }),
    postTelnyx(url, body, { ageS: 301 }),
    postTelnyx(url, body, { ageS: -302 }),
    fetch(`${url}/webhooks/telnyx`, { method: "POST", body: JSON.stringify(body) }),
    fetch(`${url}/webhooks/telnyx`, {
      method: "POST",
      headers: { "telnyx-timestamp": "x", "telnyx-signature-ed25519": "x" },
      body: JSON.stringify(body),
    }),
    postAgentMail(url, mailEvent("forged@agentmail.to"), { signed: "{}" }),
    postAgentMail(url, mailEvent("forged@agentmail.to"), { ageS: 301 }),
    fetch(`${url}/webhooks/railway/${"x".repeat(32)}`, { method: "POST", body: "{}" }),
  ];
  expect((await Promise.all(attempts)).map(({ status }) => status)).toEqual(attempts.map(() => 401));
  expect(await storedFor(instance)).toEqual([]);
  expect((await postTelnyx(url, body, { ageS: 290 })).status).toBe(200);
  expect(await storedFor(instance)).toHaveLength(1);
});

it("takes and counts what nobody is there for, and keeps nothing of it", async () => {
  const number = newNumber();
  const idle = await fixture.instance({ state: "idle", number });
  const before = await fixture.dropped();
  const answers = await Promise.all([
    postTelnyx(url, smsEvent(newNumber(), "to nobody", "event-nobody")),
    postTelnyx(url, smsEvent(number, "to nobody yet", "event-idle")),
    postTelnyx(url, smsEvent(number, " Stop ", "event-stop")),
    postTelnyx(url, { data: { event_type: "message.sent" } }),
    postTelnyx(url, "nonsense"),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(await storedFor(idle)).toEqual([]);
  const after = await fixture.dropped();
  const more = (reason: string): number => (after[reason] ?? 0) - (before[reason] ?? 0);
  expect([more("unknown-recipient"), more("unclaimed"), more("keyword")]).toEqual([1, 1, 1]);
  const counts = await call(url, "/api/inbound/counts", { token: ADMIN_KEY });
  expect(counts.body.dropped).toContainEqual({
    provider: "telnyx",
    reason: "keyword",
    count: after.keyword,
  });
});

it("keeps no more for one agent than it may have waiting", async () => {
  const number = newNumber();
  const instance = await fixture.instance({ number });
  const rows = Array.from({ length: LIMITS.inboundMaxWaiting - 1 }, (_, index) => ({
    id: `filled-${String(index).padStart(15, "0")}`,
    instance_id: instance.id,
    provider: "platform" as const,
    event_id: `filled-${index}`,
    kind: "credits" as const,
  }));
  await fixture.test.registry.db.insertInto("inbound").values(rows).execute();
  const send = (id: string) => postTelnyx(url, smsEvent(number, "more", id));
  await Promise.all([send("event-full-1"), send("event-full-2"), send("event-full-3")]);
  expect(await storedFor(instance)).toHaveLength(LIMITS.inboundMaxWaiting);
  expect((await fixture.dropped()).full).toBe(2);
});

it("refuses bodies that are too large before anything else", async () => {
  const instance = await fixture.instance({ number: newNumber() });
  const text = "x".repeat(LIMITS.smsWebhookMaxBytes);
  expect((await postTelnyx(url, smsEvent(newNumber(), text))).status).toBe(413);
  const mail = "x".repeat(LIMITS.mailWebhookMaxBytes);
  expect((await postAgentMail(url, mailEvent("large@agentmail.to", { text: mail }))).status).toBe(413);
  expect(await storedFor(instance)).toEqual([]);
});

it("keeps mail for the inbox it came to, under either name of its sender, cut to what a turn can take", async () => {
  const instance = await fixture.instance({ mailbox: "convos-1@agentmail.to" });
  const long = {
    text: undefined,
    extracted_text: "y".repeat(30_000),
    from: undefined,
    from_: ["bo@example.org"],
  };
  const send = (id: string, message: Record<string, unknown>) =>
    postAgentMail(url, mailEvent("Convos-1@agentmail.to", message), { id });
  const events = [send("msg_a", {}), send("msg_a", {}), send("msg_b", long), send("msg_c", { text: null })];
  expect((await Promise.all(events)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const rows = await storedFor(instance);
  expect(rows.map(({ event_id: id }) => id).sort()).toEqual(["msg_a", "msg_b", "msg_c"]);
  const messages = new Map<string, Record<string, unknown>>();
  for (const row of rows) {
    const { body } = await call(url, path(instance, String(row.id)), { token: instance.secret });
    messages.set(String(row.event_id), body.message);
  }
  expect(messages.get("msg_a")).toMatchObject({
    from: "Ada <ada@example.org>",
    subject: "Tickets",
    text: "Two tickets, please.",
    attachments: ["map.pdf"],
  });
  expect(messages.get("msg_b")).toMatchObject({ from: "bo@example.org" });
  expect(String(messages.get("msg_b")?.text).length).toBeLessThan(LIMITS.inboundTextMaxChars + 50);
  expect(messages.get("msg_c")?.text).toContain("no plain text");
});

it("believes nothing of Railway's events but whom to look at", async () => {
  const { id } = await fixture.instance();
  const post = (name: string) =>
    fetch(`${url}/webhooks/railway/${RAILWAY_SECRET}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ type: "Deployment.failed", resource: { project: { name } } }),
    });
  expect((await post("somebody-elses")).status).toBe(200);
  expect((await post("cv-test-zzzzzzzzzzzz")).status).toBe(200);
  expect((await post(`cv-test-${id}`)).status).toBe(200);
  // Nobody is at Temporal: that this one was to be woken, and it alone, shows in the log.
  const failed = () => fixture.lines.filter((line) => line.includes("instance-wake-failed"));
  await eventually("the wake that failed", () => failed().length > 0);
  expect(failed()).toEqual([expect.stringContaining(id)]);
  expect(fixture.lines.join("\n")).not.toContain(RAILWAY_SECRET);
});

it("purges what waited with its instance, and takes nothing more for it", async () => {
  const number = newNumber();
  const instance = await fixture.instance({ number });
  await postTelnyx(url, smsEvent(number, "too late", "event-purged"));
  expect(await storedFor(instance)).toHaveLength(1);
  await purge(fixture.test.registry, instance.id);
  expect(await storedFor(instance)).toEqual([]);
  expect((await postTelnyx(url, smsEvent(number, "too late", "event-later"))).status).toBe(200);
  expect(await storedFor(instance)).toEqual([]);
});

it("knows no webhooks of providers that are not configured", async () => {
  await using bare = await startOutsideFixture({
    TELNYX_WEBHOOK_PUBLIC_KEY: "",
    AGENTMAIL_WEBHOOK_SECRET: "",
    RAILWAY_WEBHOOK_SECRET: "",
  });
  const answers = await Promise.all([
    postTelnyx(bare.gateway.url, smsEvent(newNumber(), "hello")),
    postAgentMail(bare.gateway.url, mailEvent("a@agentmail.to")),
    fetch(`${bare.gateway.url}/webhooks/railway/undefined`, { method: "POST", body: "{}" }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
});
