import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestTelnyx } from "./testing.ts";

const PERSON = "+13125559876";

let test: TestTelnyx;
let profileId: string;
let ours: string;
beforeEach(async () => {
  test = await TestTelnyx.start();
  profileId = await test.createProfile();
  ours = await test.buyNumber(profileId);
});
afterEach(() => test.close());

const send = (fields: { to?: string; from?: string; text?: string } = {}) =>
  test.sdk.messages.send({ from: ours, to: PERSON, text: "hello", ...fields });
const receive = (text: string, from = PERSON) =>
  test.control("POST", "telnyx/receive", { to: ours, from, text });
const refusedWith = (code: string) => ({ status: 400, error: { errors: [{ code }] } });

describe("POST /messages", () => {
  it("answers queued, then walks to sent and delivered; each call sends again", async () => {
    await test.set({ sentAfterMs: 10_000, finalizedAfterMs: 20_000 });
    const { data } = await send();
    expect(data).toMatchObject({
      record_type: "message",
      direction: "outbound",
      from: { phone_number: ours },
      to: [{ phone_number: PERSON, status: "queued" }],
      parts: 1,
      encoding: "GSM-7",
      errors: [],
    });
    const read = async () => (await test.sdk.messages.retrieve(String(data?.id))).data;
    await test.advance(10_000);
    expect(await read()).toMatchObject({ to: [{ status: "sent" }], completed_at: null });
    await test.advance(10_000);
    expect(await read()).toMatchObject({ to: [{ status: "delivered" }] });
    await send();
    expect(test.double.state().messages).toHaveLength(2);
    expect(test.double.state().spentUsd).toBe(1.008);
  });

  it.each([
    ["a destination outside of the whitelist", { to: "+33612345678" }, "40309"],
    ["what is no number", { to: "12345" }, "40310"],
    ["a number that is not ours", { from: "+13125550111" }, "40305"],
    ["more parts than are sent", { text: "é".repeat(2_000) }, "40302"],
    ["no text", { text: "" }, "10004"],
  ])("refuses %s", async (_what, fields, code) => {
    await expect(send(fields)).rejects.toMatchObject(refusedWith(code));
    expect(test.double.state().messages).toEqual([]);
  });

  it("refuses a number that was bought without a profile, as it only speaks", async () => {
    const mute = await test.buyNumber();
    await test.sdk.phoneNumbers.messaging.update(mute, { messaging_profile_id: profileId });
    await expect(send({ from: mute })).rejects.toMatchObject(refusedWith("40305"));
  });

  it("refuses for a profile that is disabled or allows nothing, and with a full queue", async () => {
    await test.sdk.messagingProfiles.update(profileId, { enabled: false });
    await expect(send()).rejects.toMatchObject(refusedWith("40312"));
    await test.sdk.messagingProfiles.update(profileId, { enabled: true, whitelisted_destinations: [] });
    await expect(send()).rejects.toMatchObject(refusedWith("40331"));
    await test.sdk.messagingProfiles.update(profileId, { whitelisted_destinations: ["*"] });
    await send({ to: "+33612345678" });
    await test.set({ messageQueueFull: true });
    await expect(send()).rejects.toMatchObject(refusedWith("40318"));
  });

  it("refuses beyond the profile's daily spend limit, until midnight UTC", async () => {
    await test.sdk.messagingProfiles.update(profileId, {
      daily_spend_limit: "0.01",
      daily_spend_limit_enabled: true,
    });
    await send();
    await send();
    await expect(send()).rejects.toMatchObject(refusedWith("40333"));
    await test.advance(24 * 3_600_000);
    await send();
    expect(test.double.state().messages).toHaveLength(3);
  });

  it("counts parts by encoding", async () => {
    const parts = async (text: string) => (await send({ text })).data?.parts;
    expect(await parts("a".repeat(160))).toBe(1);
    expect(await parts("a".repeat(161))).toBe(2);
    expect(await parts("日".repeat(70))).toBe(1);
    expect(await parts("日".repeat(71))).toBe(2);
    expect(await parts("€".repeat(81))).toBe(2);
  });

  it("ends in delivery_failed without a 10DLC registration, except between numbers of the account", async () => {
    await test.set({ tenDlcRegistered: false });
    const { data } = await send();
    expect((await test.sdk.messages.retrieve(String(data?.id))).data).toMatchObject({
      to: [{ status: "delivery_failed" }],
      errors: [{ code: "40010" }],
    });
    const other = await test.buyNumber(profileId, "cv-other");
    const { data: onNet } = await send({ to: other, text: "to a neighbour" });
    expect((await test.sdk.messages.retrieve(String(onNet?.id))).data).toMatchObject({
      to: [{ status: "delivered" }],
    });
    const { body } = await test.control("GET", "telnyx/messages");
    expect(body).toMatchObject({
      messages: expect.arrayContaining([
        expect.objectContaining({ direction: "inbound", to: other, from: ours, text: "to a neighbour" }),
      ]),
    });
  });

  it("can be retrieved for ten days, and not listed", async () => {
    const { data } = await send();
    await test.advance(11 * 24 * 3_600_000);
    await expect(test.sdk.messages.retrieve(String(data?.id))).rejects.toMatchObject({ status: 404 });
    const response = await fetch(`${test.double.url}/messages`, {
      headers: { authorization: `Bearer ${test.double.apiKey}` },
    });
    expect(response.status).toBe(404);
  });
});

describe("keywords", () => {
  it.each(["STOP", "stop", " StopAll ", "stop all", "UNSUBSCRIBE", "cancel", "END", "quit"])(
    "%j blocks its sender for the whole profile",
    async (word) => {
      await receive(word);
      const other = await test.buyNumber(profileId, "cv-other");
      await expect(send()).rejects.toMatchObject(refusedWith("40300"));
      await expect(send({ from: other })).rejects.toMatchObject(refusedWith("40300"));
      await send({ to: "+13125559875" });
      const optOuts = await test.sdk.messagingOptouts.list({ filter: { messaging_profile_id: profileId } });
      expect(optOuts.data).toMatchObject([
        { to: PERSON, from: ours, keyword: word.trim().toUpperCase(), messaging_profile_id: profileId },
      ]);
    },
  );

  it.each(["START", "unstop"])("%j lifts the block", async (word) => {
    await receive("STOP");
    await receive(word);
    await send();
    expect(test.double.state().optOuts).toBe(0);
  });

  it("are only such alone, and HELP changes nothing", async () => {
    await receive("please stop");
    await receive("HELP");
    await send();
    expect(test.double.state().messages).toHaveLength(3);
  });
});

describe("the control endpoints", () => {
  it("refuse a message to a number that the account has not, or that has no profile", async () => {
    const mute = await test.buyNumber();
    const to = (phoneNumber: string) =>
      test.control("POST", "telnyx/receive", { to: phoneNumber, from: PERSON, text: "hi" });
    expect((await to("+13125550111")).status).toBe(404);
    expect((await to(mute)).status).toBe(409);
    expect((await test.control("POST", "telnyx/receive", { to: ours })).status).toBe(400);
  });

  it("show texts to tests, while the inventory shows neither texts nor secrets nor people", async () => {
    await receive("a private word");
    await send({ text: "an answer" });
    const { body } = await test.control("GET", "telnyx/messages");
    expect(body).toMatchObject({
      messages: [
        { direction: "inbound", text: "a private word", from: PERSON, to: ours },
        { direction: "outbound", text: "an answer", from: ours, to: PERSON, status: "delivered" },
      ],
    });
    const state = JSON.stringify([test.double.state(), (await test.control("GET", "state")).body]);
    for (const hidden of ["a private word", "an answer", PERSON, test.double.apiKey, test.double.publicKey])
      expect(state).not.toContain(hidden);
  });

  it("refuse settings and webhook faults that do not exist", async () => {
    expect((await test.set({ surprise: true })).status).toBe(400);
    expect((await test.control("POST", "telnyx/webhook-faults", { fault: "explode" })).status).toBe(400);
  });
});
