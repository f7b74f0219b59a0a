import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../testing/eventually.ts";
import { type ReceivedWebhook, receiveWebhooks, TestTelnyx } from "./testing.ts";

const PERSON = "+13125559876";

let test: TestTelnyx;
let closing: (() => Promise<void>)[];
beforeEach(async () => {
  test = await TestTelnyx.start();
  closing = [() => test.close()];
});
afterEach(async () => {
  for (const close of closing) await close();
});

async function receiver(answer?: (attempt: number) => number | undefined) {
  const opened = await receiveWebhooks(answer);
  closing.push(opened.close);
  return opened;
}
async function numberWith(webhook: { url: string }, failover?: { url: string }): Promise<string> {
  const profileId = await test.createProfile({
    webhook_url: webhook.url,
    webhook_failover_url: failover?.url ?? null,
  });
  return test.buyNumber(profileId);
}
const receive = (to: string, text = "hi there") =>
  test.control("POST", "telnyx/receive", { to, from: PERSON, text });
const send = (from: string) => test.sdk.messages.send({ from, to: PERSON, text: "hello" });
const unwrap = ({ rawBody, headers }: ReceivedWebhook) => test.sdk.webhooks.unwrap(rawBody, { headers });
const bodyOf = ({ rawBody }: ReceivedWebhook) => JSON.parse(rawBody);
const typesOf = (received: ReceivedWebhook[]) => received.map((webhook) => bodyOf(webhook).data.event_type);
const allDelivered = () =>
  eventually("nothing is left to deliver", () => test.double.state().undeliveredWebhooks === 0, 10_000);
const arm = (rule: Record<string, unknown>) => test.control("POST", "telnyx/webhook-faults", rule);

describe("a webhook", () => {
  it("tells of a received message, signed so that the SDK accepts it", async () => {
    const hook = await receiver();
    const ours = await numberWith(hook);
    await receive(ours);
    await hook.waitFor(1);
    const [webhook] = hook.received;
    if (!webhook) throw new Error("no webhook");
    expect(await unwrap(webhook)).toMatchObject({
      data: {
        event_type: "message.received",
        record_type: "event",
        payload: {
          direction: "inbound",
          type: "SMS",
          text: "hi there",
          from: { phone_number: PERSON },
          to: [{ phone_number: ours, status: "webhook_delivered" }],
          autoresponse_type: null,
        },
      },
    });
    expect(bodyOf(webhook).meta).toEqual({ attempt: 1, delivered_to: hook.url });
    await expect(unwrap({ ...webhook, rawBody: `${webhook.rawBody} ` })).rejects.toThrow(/signature/i);
    await allDelivered();
    expect(hook.received).toHaveLength(1);
  });

  it("names the keyword of a message that was one", async () => {
    const hook = await receiver();
    await receive(await numberWith(hook), "Stop");
    await hook.waitFor(1);
    expect(hook.received.map((webhook) => bodyOf(webhook).data.payload.autoresponse_type)).toEqual(["STOP"]);
  });

  it("tells of a sent message: sent, then finalized with how it ended", async () => {
    const hook = await receiver();
    const ours = await numberWith(hook);
    await test.set({ tenDlcRegistered: false, finalizedAfterMs: 50 });
    await send(ours);
    await hook.waitFor(2);
    expect(typesOf(hook.received)).toEqual(["message.sent", "message.finalized"]);
    const [sent, finalized] = hook.received.map((webhook) => bodyOf(webhook).data.payload);
    expect(sent).toMatchObject({ to: [{ status: "sent" }], completed_at: null });
    expect(finalized).toMatchObject({ to: [{ status: "delivery_failed" }], errors: [{ code: "40010" }] });
  });

  it("goes to the message's own address when it has one", async () => {
    const [profiles, own] = [await receiver(), await receiver()];
    const ours = await numberWith(profiles);
    await test.sdk.messages.send({ from: ours, to: PERSON, text: "x", webhook_url: own.url });
    await own.waitFor(2);
    expect(profiles.received).toEqual([]);
  });

  it("is tried three times, then three times at the failover, its attempt rising", async () => {
    const [hook, failover] = [await receiver(() => 500), await receiver((count) => (count < 2 ? 503 : 204))];
    await receive(await numberWith(hook, failover));
    await failover.waitFor(2);
    await allDelivered();
    const all = [...hook.received, ...failover.received].map(bodyOf);
    expect(all.map(({ meta }) => meta.attempt)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(all.map(({ data }) => data.id)).size).toBe(1);
    expect((await test.control("GET", "telnyx/webhooks")).body).toMatchObject({
      attempts: [
        { attempt: 1, target: "webhook", status: 500 },
        { attempt: 2 },
        { attempt: 3 },
        { attempt: 4, target: "failover", status: 503 },
        { attempt: 5, target: "failover", status: 204 },
      ],
    });
  });

  it("is given up after the last attempt, also when nobody answers in time", async () => {
    await test.set({ webhookTimeoutMs: 30 });
    const hook = await receiver(() => undefined);
    await receive(await numberWith(hook));
    await allDelivered();
    expect(hook.received).toHaveLength(3);
  });

  it("is not sent when the profile has no address", async () => {
    const ours = await test.buyNumber(await test.createProfile());
    await receive(ours);
    expect(test.double.state().undeliveredWebhooks).toBe(0);
  });

  it("waits for its time on the virtual clock, also across a restart", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "telnyx-"));
    closing.push(async () => rmSync(dataDir, { recursive: true }));
    await test.close();
    test = await TestTelnyx.start({ dataDir });
    const hook = await receiver();
    const ours = await numberWith(hook);
    await test.set({ sentAfterMs: 60_000, finalizedAfterMs: 120_000 });
    await send(ours);
    await test.close();
    test = await TestTelnyx.start({ dataDir });
    expect(hook.received).toEqual([]);
    await test.advance(60_000);
    await hook.waitFor(1);
    await test.advance(60_000);
    await hook.waitFor(2);
    for (const webhook of hook.received) await unwrap(webhook);
    expect(typesOf(hook.received)).toEqual(["message.sent", "message.finalized"]);
  });
});

describe("a webhook that goes wrong", () => {
  it("comes twice with the same event id", async () => {
    const hook = await receiver();
    await arm({ fault: "duplicate", eventType: "message.received" });
    await receive(await numberWith(hook));
    await hook.waitFor(2);
    expect(new Set(hook.received.map((webhook) => bodyOf(webhook).data.id)).size).toBe(1);
  });

  it("comes after the one that followed it", async () => {
    const hook = await receiver();
    const ours = await numberWith(hook);
    await arm({ fault: "reorder", eventType: "message.sent" });
    await send(ours);
    await hook.waitFor(2);
    expect(typesOf(hook.received)).toEqual(["message.finalized", "message.sent"]);
  });

  it("is not let go by an event of another message, but after five seconds", async () => {
    const hook = await receiver();
    const ours = await numberWith(hook);
    await arm({ fault: "reorder" });
    await receive(ours, "held");
    await receive(ours, "other");
    await hook.waitFor(1);
    await eventually("one is held", () => test.double.state().undeliveredWebhooks === 1);
    await test.advance(5_000);
    await hook.waitFor(2);
    expect(hook.received.map((webhook) => bodyOf(webhook).data.payload.text)).toEqual(["other", "held"]);
  });

  it("never comes", async () => {
    const hook = await receiver();
    const ours = await numberWith(hook);
    await arm({ fault: "drop", times: 2 });
    await receive(ours, "one");
    await receive(ours, "two");
    await receive(ours, "three");
    await hook.waitFor(1);
    await allDelivered();
    expect(hook.received.map((webhook) => bodyOf(webhook).data.payload.text)).toEqual(["three"]);
  });

  it("comes late", async () => {
    const hook = await receiver();
    const ours = await numberWith(hook);
    await arm({ fault: "delay" });
    await receive(ours);
    await receive(ours, "second");
    await hook.waitFor(1);
    await test.advance(5_000);
    await hook.waitFor(2);
    expect(hook.received.map((webhook) => bodyOf(webhook).data.payload.text)).toEqual(["second", "hi there"]);
  });

  it.each([
    ["badSignature", /signature does not match/i],
    ["staleTimestamp", /too old/i],
  ])("carries a %s, which the SDK refuses", async (fault, reason) => {
    const hook = await receiver();
    const ours = await numberWith(hook);
    await arm({ fault });
    await receive(ours);
    await hook.waitFor(1);
    const [webhook] = hook.received;
    if (!webhook) throw new Error("no webhook");
    await expect(unwrap(webhook)).rejects.toThrow(reason);
    await test.control("DELETE", "telnyx/webhook-faults");
    await receive(ours);
    await hook.waitFor(2);
    const [, good] = hook.received;
    if (!good) throw new Error("no second webhook");
    await unwrap(good);
  });
});
