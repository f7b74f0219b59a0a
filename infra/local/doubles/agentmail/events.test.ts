import { createHmac } from "node:crypto";
import { createServer, request } from "node:http";
import type { AgentMail } from "agentmail";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestDouble } from "./testing.ts";

interface Received {
  headers: Record<string, string>;
  body: string;
}

let test: TestDouble;
let one: string;
let received: Received[];
let answers: number[];
let receiver: { url: string; close(): Promise<void> };

beforeEach(async () => {
  test = await TestDouble.start();
  one = await test.inbox("one");
  received = [];
  answers = [];
  const server = createServer(async (incoming, response) => {
    let body = "";
    for await (const chunk of incoming) body += chunk;
    const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const);
    received.push({ headers: Object.fromEntries(headers), body });
    response.writeHead(answers.shift() ?? 204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  receiver = {
    url: `http://127.0.0.1:${address.port}/a-secret-path`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
});
afterEach(async () => {
  await test.close();
  await receiver.close();
});

const webhook = (eventTypes: AgentMail.EventType[] = ["message.received"]) =>
  test.sdk.webhooks.create({ url: receiver.url, eventTypes });
const parsed = () => received.map(({ body }): Record<string, unknown> => JSON.parse(body));
const arrived = (count: number) => expect.poll(() => received.length, { timeout: 5_000 }).toBe(count);

/** As a receiver has to: the right bytes signed with the right secret, not long ago. */
function isGenuine(secret: string, { headers, body }: Received): boolean {
  const [, key = ""] = /^whsec_(.+)$/.exec(secret) ?? [];
  const timestamp = Number(headers["svix-timestamp"]);
  const signed = createHmac("sha256", Buffer.from(key, "base64"))
    .update(`${headers["svix-id"]}.${timestamp}.${body}`)
    .digest("base64");
  const isRecent = Math.abs(Date.now() / 1_000 - timestamp) < 300;
  return isRecent && (headers["svix-signature"] ?? "").split(" ").includes(`v1,${signed}`);
}

describe("webhooks", () => {
  it("are made once per client id, listed and deleted; the state keeps secret and path to itself", async () => {
    const wanted = { url: receiver.url, eventTypes: ["message.received" as const], clientId: "cv-test" };
    const made = await test.sdk.webhooks.create(wanted);
    expect(made).toMatchObject({ ...wanted, enabled: true, secret: expect.stringMatching(/^whsec_/) });
    expect(await test.sdk.webhooks.create(wanted)).toEqual(made);
    expect((await test.sdk.webhooks.list()).webhooks).toEqual([made]);
    expect(JSON.stringify(test.double.state())).not.toMatch(/whsec_|a-secret-path/);
    await test.sdk.webhooks.delete(made.webhookId);
    await expect(test.sdk.webhooks.delete(made.webhookId)).rejects.toMatchObject({ statusCode: 404 });
  });

  it("get what happens, signed", async () => {
    const { secret } = await webhook();
    await test.receive({ inboxId: one, text: "Good morning" });
    await arrived(1);
    expect(received.every((one) => isGenuine(secret, one))).toBe(true);
    expect(parsed()[0]).toMatchObject({
      type: "event",
      event_type: "message.received",
      message: { inbox_id: one, from: "Ann <ann@outside.example>", text: "Good morning" },
      thread: { message_count: 1 },
    });
  });

  it("are tried again under the same id until they take it", async () => {
    answers = [500, 503];
    await test.set({ webhookRetryDelaysMs: [10, 20, 30] });
    await webhook();
    await test.receive({ inboxId: one });
    await arrived(3);
    expect(new Set(received.map(({ headers }) => headers["svix-id"])).size).toBe(1);
    const shown = () => test.control("GET", "agentmail/deliveries");
    await expect
      .poll(shown)
      .toMatchObject({ deliveries: [{ state: "delivered", attempts: [500, 503, 204] }] });
    await test.receive({ inboxId: one });
    await arrived(4);
    expect(new Set(received.map(({ headers }) => headers["svix-id"])).size).toBe(2);
  });

  it("name the sender as they are told, and leave out a body above a megabyte", async () => {
    await test.set({ senderField: "from_" });
    await webhook();
    await test.receive({ inboxId: one, text: "x".repeat(1024 * 1024 + 1) });
    await arrived(1);
    const message = Object(parsed()[0]?.message);
    expect(message).toHaveProperty("from_");
    expect(message).not.toHaveProperty("from");
    expect(message).not.toHaveProperty("text");
    expect((await test.sdk.inboxes.messages.get(one, message.message_id)).text).toHaveLength(1024 * 1024 + 1);
  });

  it("tell of a mail's way: sent, delivered, bounced, complained", async () => {
    await webhook(["message.sent", "message.delivered", "message.bounced", "message.complained"]);
    const to = ["ann@outside.example", "nobody@agentmail.to", "complaint@outside.example"];
    await test.sdk.inboxes.messages.send(one, { to, subject: "x", text: "y" });
    await arrived(5);
    expect(
      parsed()
        .map(({ event_type }) => String(event_type))
        .toSorted(),
    ).toEqual([
      "message.bounced",
      "message.complained",
      "message.delivered",
      "message.delivered",
      "message.sent",
    ]);
    expect(parsed().find(({ event_type }) => event_type === "message.bounced")).toMatchObject({
      bounce: { inbox_id: one, type: "Permanent", recipients: [{ address: "nobody@agentmail.to" }] },
    });
  });

  it.each([
    ["duplicate", 2, 1],
    ["bad-signature", 1, 1],
    ["stale-timestamp", 1, 1],
  ])("misbehave on request: %s", async (misbehaviour, count, ids) => {
    const { secret } = await webhook();
    await test.set({ webhooks: misbehaviour });
    await test.receive({ inboxId: one });
    await arrived(count);
    expect(new Set(received.map(({ headers }) => headers["svix-id"])).size).toBe(ids);
    const genuine = received.filter((one) => isGenuine(secret, one));
    expect(genuine).toHaveLength(misbehaviour === "duplicate" ? count : 0);
  });

  it("are lost or change their order on request", async () => {
    await webhook();
    await test.set({ webhooks: "drop" });
    await test.receive({ inboxId: one, subject: "lost" });
    await test.set({ webhooks: "reorder" });
    await test.receive({ inboxId: one, subject: "first" });
    await test.receive({ inboxId: one, subject: "second" });
    await arrived(2);
    const subjects = parsed().map(({ message }) => Object(message).subject);
    expect(subjects).toEqual(["second", "first"]);
    expect(await test.control("GET", "agentmail/deliveries")).toMatchObject({
      deliveries: [{ state: "dropped" }, {}, {}],
    });
  });
});

describe("the websocket", () => {
  it("tells a scoped key of its own inbox, forgets what happened while it was broken, and refuses a foreign one", async () => {
    const two = await test.inbox("two");
    const key = await test.keyOf(one, { messageRead: true });
    const socket = await test.sdkOf(key).websockets.connect({ reconnectAttempts: 5 });
    const heard: string[] = [];
    socket.on("message", (event) => {
      if (event.type === "event" && "message" in event) heard.push(event.message.subject ?? "");
      else heard.push(event.type);
    });
    socket.sendSubscribe({ type: "subscribe", inboxIds: [two] });
    await expect.poll(() => heard).toEqual(["error"]);
    socket.sendSubscribe({ type: "subscribe", inboxIds: [one], eventTypes: ["message.received"] });
    await expect.poll(() => heard).toEqual(["error", "subscribed"]);
    await test.receive({ inboxId: two, subject: "not yours" });
    await test.receive({ inboxId: one, subject: "yours" });
    await expect.poll(() => heard).toEqual(["error", "subscribed", "yours"]);

    expect(await test.control("POST", "agentmail/websockets/drop")).toEqual({ dropped: 1 });
    await expect.poll(() => test.double.state().websockets).toBe(0);
    await test.receive({ inboxId: one, subject: "missed" });
    await expect.poll(() => test.double.state().websockets, { timeout: 15_000 }).toBe(1);
    await expect.poll(() => socket.readyState).toBe(1);
    socket.sendSubscribe({ type: "subscribe" });
    await test.receive({ inboxId: two, subject: "not yours" });
    await expect.poll(() => heard).toContain("subscribed");
    await expect.poll(() => heard.filter((one) => one === "subscribed")).toHaveLength(2);
    await test.receive({ inboxId: one, subject: "after" });
    await expect.poll(() => heard.at(-1)).toBe("after");
    expect(heard).not.toContain("missed");
    expect(heard).not.toContain("not yours");
    socket.close();
  }, 30_000);

  it.each([
    ["no key", "/v0", 401],
    ["a wrong key", "/v0?api_key=am_wrong", 401],
    ["another path", "/v1?api_key=KEY", 404],
    ["a key that may not read mail", "/v0?api_key=SEND", 403],
  ])("refuses %s", async (_name, template, status) => {
    const path = template.replace("SEND", await test.keyOf(one, { messageSend: true }));
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": Buffer.alloc(16).toString("base64"),
      };
      const address = `${test.double.url}${path.replace("KEY", test.double.apiKey)}`;
      const asking = request(address, { headers }, (response) => resolve(response.resume().statusCode));
      asking.once("upgrade", () => reject(new Error("the websocket was opened")));
      asking.once("error", reject);
      asking.end();
    });
    expect(answered).toBe(status);
    expect(test.double.state().websockets).toBe(0);
  });
});
