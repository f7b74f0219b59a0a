import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Telnyx from "telnyx";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../testing/eventually.ts";
import { TestTelnyx } from "./testing.ts";

let test: TestTelnyx;
beforeEach(async () => {
  test = await TestTelnyx.start();
});
afterEach(() => test.close());

const order = (phoneNumber: string, fields: Partial<Telnyx.NumberOrderCreateParams> = {}) =>
  test.sdk.numberOrders.create({ phone_numbers: [{ phone_number: phoneNumber }], ...fields });
const codeOf = (code: string) => ({ error: { errors: [{ code }] } });

describe("available numbers", () => {
  it("are local US numbers in the same order for everybody, with features and cost", async () => {
    const search = () =>
      test.sdk.availablePhoneNumbers.list({
        filter: { country_code: "US", features: ["sms", "mms"], phone_number_type: "local", limit: 3 },
      });
    const { data, meta } = await search();
    expect(data).toHaveLength(3);
    expect(meta).toEqual({ total_results: 3, best_effort_results: 0 });
    expect(data?.[0]).toMatchObject({
      record_type: "available_phone_number",
      phone_number: expect.stringMatching(/^\+1\d{10}$/),
      features: expect.arrayContaining([{ name: "sms" }]),
      cost_information: { currency: "USD" },
    });
    expect((await search()).data).toEqual(data);
  });

  it("may be none: an empty list with 200", async () => {
    await test.set({ soldOut: true });
    expect((await test.sdk.availablePhoneNumbers.list()).data).toEqual([]);
    await test.set({ soldOut: false });
    expect((await test.sdk.availablePhoneNumbers.list({ filter: { country_code: "FR" } })).data).toEqual([]);
  });

  it("hide a released number while it is on hold, when asked to", async () => {
    const phoneNumber = await test.buyNumber();
    await test.sdk.phoneNumbers.delete(phoneNumber);
    const isOffered = async (filter: Telnyx.AvailablePhoneNumberListParams.Filter) =>
      (await test.sdk.availablePhoneNumbers.list({ filter })).data?.some(
        (offer) => offer.phone_number === phoneNumber,
      );
    expect(await isOffered({})).toBe(true);
    expect(await isOffered({ exclude_held_numbers: true })).toBe(false);
    await test.advance(31 * 24 * 3_600_000);
    expect(await isOffered({ exclude_held_numbers: true })).toBe(true);
  });
});

describe("number orders", () => {
  it("are pending for a while, then a number that is paid for", async () => {
    await test.set({ orderPendingMs: 60_000 });
    const phoneNumber = await test.offer();
    const { data: placed } = await order(phoneNumber, { customer_reference: "cv-a" });
    expect(placed).toMatchObject({ status: "pending", phone_numbers_count: 1, customer_reference: "cv-a" });
    expect(test.double.state()).toMatchObject({ numbers: [], numbersBought: 0, balanceUsd: 1_000 });
    await test.advance(60_000);
    expect((await test.sdk.numberOrders.retrieve(String(placed?.id))).data).toMatchObject({
      status: "success",
      phone_numbers: [{ phone_number: phoneNumber, status: "success" }],
    });
    expect(test.double.state()).toMatchObject({
      numbers: [{ phoneNumber, customerReference: "cv-a" }],
      numbersBought: 1,
      balanceUsd: 999,
    });
    expect((await test.sdk.balance.retrieve()).data).toMatchObject({ balance: "999.0000", currency: "USD" });
  });

  it("of a number that no recent search returned are refused with 85000", async () => {
    await expect(order("+13125550100")).rejects.toMatchObject({ status: 422, ...codeOf("85000") });
    const phoneNumber = await test.offer();
    await test.advance(31 * 60_000);
    await expect(order(phoneNumber)).rejects.toMatchObject({ status: 422, ...codeOf("85000") });
  });

  it.each([409, 422])(
    "of a number that another took meanwhile are refused with %i, 85001",
    async (status) => {
      await test.set({ takenStatus: status });
      const phoneNumber = await test.offer();
      test.double.faults.add({
        match: { method: "POST", path: "/number_orders$" },
        fault: { kind: "provider", name: "numberTaken" },
      });
      await expect(order(phoneNumber)).rejects.toMatchObject({ status, ...codeOf("85001") });
      await order(phoneNumber);
      await expect(order(phoneNumber)).rejects.toMatchObject({ status, ...codeOf("85001") });
    },
  );

  it("are placed again by the SDK's own retries, which then hear that the number is taken", async () => {
    const phoneNumber = await test.offer();
    const retrying = new Telnyx({ apiKey: test.double.apiKey, baseURL: test.double.url, logLevel: "off" });
    test.double.faults.add({
      match: { method: "POST", path: "/number_orders$" },
      fault: { kind: "status", status: 500, headers: { "retry-after-ms": "1" } },
      position: "after",
      times: 2,
    });
    await expect(
      retrying.numberOrders.create({ phone_numbers: [{ phone_number: phoneNumber }] }),
    ).rejects.toMatchObject({ status: 422, ...codeOf("85001") });
    expect(test.double.state().numbersBought).toBe(1);
  });

  it("fail, or stay pending until they are cancelled", async () => {
    const fault = (name: string) =>
      test.double.faults.add({ match: { method: "POST" }, fault: { kind: "provider", name } });
    fault("orderFails");
    const { data: failing } = await order(await test.offer());
    expect((await test.sdk.numberOrders.retrieve(String(failing?.id))).data?.status).toBe("failure");
    const phoneNumber = await test.offer();
    fault("orderStuck");
    const { data: stuck } = await order(phoneNumber);
    await test.advance(24 * 3_600_000);
    const read = async () => (await test.sdk.numberOrders.retrieve(String(stuck?.id))).data?.status;
    expect(await read()).toBe("pending");
    await test.sdk.subNumberOrders.cancel(String(stuck?.sub_number_orders_ids?.[0]));
    expect(await read()).toBe("cancelled");
    expect(test.double.state().numbersBought).toBe(0);
  });

  it("are refused at the account's limit, without money, and for an unknown profile", async () => {
    const phoneNumber = await test.offer();
    await expect(order(phoneNumber, { messaging_profile_id: "nobody" })).rejects.toMatchObject(
      codeOf("85005"),
    );
    await test.set({ maxNumbers: 0 });
    await expect(order(phoneNumber)).rejects.toMatchObject({ status: 403, ...codeOf("10039") });
    await test.set({ maxNumbers: 5, creditUsd: 0.5 });
    await expect(order(phoneNumber)).rejects.toMatchObject({ status: 403, ...codeOf("20100") });
    expect(test.double.state().orders).toEqual([]);
  });

  it("are listed by reference and status, page by page, newest first", async () => {
    for (const reference of ["cv-a", "cv-b", "cv-a"]) await test.buyNumber(undefined, reference);
    const page = await test.sdk.numberOrders.list({
      filter: { customer_reference: "cv-a" },
      "page[size]": 1,
    });
    expect(page.meta).toMatchObject({ page_number: 1, total_pages: 2, total_results: 2 });
    const all: string[] = [];
    for await (const { id } of page) all.push(String(id));
    const ids = test.double.state().orders.map(({ id }) => id);
    expect(all).toEqual([ids[2], ids[0]]);
    expect((await test.sdk.numberOrders.list({ filter: { status: "pending" } })).data).toEqual([]);
  });
});

describe("phone numbers", () => {
  it("are found by +1…, by %2B1… and by id, and are gone after the first deletion", async () => {
    const phoneNumber = await test.buyNumber();
    const { data } = await test.sdk.phoneNumbers.retrieve(phoneNumber);
    const headers = { authorization: `Bearer ${test.double.apiKey}` };
    const escaped = await fetch(`${test.double.url}/phone_numbers/${encodeURIComponent(phoneNumber)}`, {
      headers,
    });
    expect(await escaped.json()).toEqual({ data });
    const byId = await test.sdk.phoneNumbers.retrieve(String(data?.id));
    expect(byId.data).toEqual(data);
    const deleted = await test.sdk.phoneNumbers.delete(phoneNumber);
    expect(deleted.data?.status).toBe("deleted");
    await expect(test.sdk.phoneNumbers.delete(phoneNumber)).rejects.toMatchObject({
      status: 404,
      ...codeOf("10005"),
    });
    expect(test.double.state()).toMatchObject({ numbers: [], numbersReleased: 1 });
  });

  it("are listed by reference, tag and digits, but not by anything that is no digit", async () => {
    const phoneNumber = await test.buyNumber(undefined, "cv-a");
    await test.buyNumber(undefined, "cv-b");
    await test.sdk.phoneNumbers.update(phoneNumber, { tags: ["blue"] });
    const list = async (filter: Telnyx.PhoneNumberListParams.Filter) =>
      (await test.sdk.phoneNumbers.list({ filter })).data.map((number) => number.phone_number);
    expect(await list({ customer_reference: "cv-a" })).toEqual([phoneNumber]);
    expect(await list({ tag: "blue" })).toEqual([phoneNumber]);
    expect(await list({ phone_number: phoneNumber.slice(1) })).toEqual([phoneNumber]);
    expect(await list({ phone_number: phoneNumber })).toEqual([]);
    expect(await list({})).toHaveLength(2);
  });

  it("have no messaging settings for some seconds, and none but voice when bought without a profile", async () => {
    await test.set({ messagingDelayMs: 5_000 });
    const profileId = await test.createProfile();
    const withProfile = await test.buyNumber(profileId);
    const mute = await test.buyNumber();
    const settings = async (phoneNumber: string) =>
      (await test.sdk.phoneNumbers.messaging.retrieve(phoneNumber)).data;
    await expect(settings(withProfile)).rejects.toMatchObject({ status: 404 });
    await test.advance(5_000);
    expect(await settings(withProfile)).toMatchObject({
      messaging_profile_id: profileId,
      features: { sms: { domestic_two_way: true } },
    });
    await test.sdk.phoneNumbers.messaging.update(mute, { messaging_profile_id: profileId });
    expect(await settings(mute)).toMatchObject({ messaging_profile_id: profileId, features: { sms: null } });
  });

  it("are not deleted while their deletion lock is on", async () => {
    const phoneNumber = await test.buyNumber();
    await test.set({ deletionLock: true });
    await expect(test.sdk.phoneNumbers.delete(phoneNumber)).rejects.toMatchObject({ status: 422 });
    expect((await test.sdk.phoneNumbers.retrieve(phoneNumber)).data?.deletion_lock_enabled).toBe(true);
  });

  it("appear in lists late when reads lag", async () => {
    await test.set({ readLagMs: 30_000 });
    await test.buyNumber();
    expect((await test.sdk.phoneNumbers.list()).data).toEqual([]);
    expect((await test.sdk.numberOrders.list()).data).toEqual([]);
    await test.advance(30_000);
    expect((await test.sdk.phoneNumbers.list()).data).toHaveLength(1);
    expect((await test.sdk.numberOrders.list()).data).toHaveLength(1);
  });
});

describe("messaging profiles", () => {
  it("need a name and destinations, are found by name, and names repeat", async () => {
    const first = await test.createProfile({ daily_spend_limit: "5.00", daily_spend_limit_enabled: true });
    const second = await test.createProfile();
    const { data } = await test.sdk.messagingProfiles.list({ "filter[name][eq]": "cv-test" });
    expect(data.map(({ id }) => id).sort()).toEqual([first, second].sort());
    expect((await test.sdk.messagingProfiles.list({ "filter[name][eq]": "cv" })).data).toEqual([]);
    const response = await fetch(`${test.double.url}/messaging_profiles`, {
      method: "POST",
      headers: { authorization: `Bearer ${test.double.apiKey}`, "content-type": "application/json" },
      body: '{"name":"x"}',
    });
    expect([response.status, JSON.stringify(await response.json())]).toEqual([
      400,
      expect.stringContaining("/whitelisted_destinations"),
    ]);
  });

  it("are changed, and deleted only without numbers", async () => {
    const id = await test.createProfile();
    const { data } = await test.sdk.messagingProfiles.update(id, { webhook_url: "http://127.0.0.1:9/x" });
    expect(data).toMatchObject({ name: "cv-test", webhook_url: "http://127.0.0.1:9/x" });
    const phoneNumber = await test.buyNumber(id);
    await expect(test.sdk.messagingProfiles.delete(id)).rejects.toMatchObject(codeOf("10021"));
    const numbers = await test.sdk.messagingProfiles.listPhoneNumbers(id);
    expect(numbers.data.map((number) => number.phone_number)).toEqual([phoneNumber]);
    await test.sdk.phoneNumbers.delete(phoneNumber);
    await test.sdk.messagingProfiles.delete(id);
    await expect(test.sdk.messagingProfiles.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });
});

describe("the account", () => {
  it("refuses another key on every route, and says 404 for what it does not know", async () => {
    const stranger = new Telnyx({ apiKey: "KEY-other", baseURL: test.double.url, maxRetries: 0 });
    await expect(stranger.phoneNumbers.list()).rejects.toMatchObject({ status: 401, ...codeOf("10009") });
    await expect(stranger.messages.send({ to: "+13125550123" })).rejects.toMatchObject({ status: 401 });
    await expect(test.sdk.faxes.list()).rejects.toMatchObject({ status: 404, ...codeOf("10005") });
  });

  it("throttles with the provider's own headers", async () => {
    test.double.faults.add({ match: {}, fault: { kind: "429", retryAfterSeconds: 4 } });
    const failure = await test.sdk.phoneNumbers.list().catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 429, ...codeOf("10011") });
    expect(Object(failure).headers.get("x-ratelimit-reset")).toBe("4");
  });

  it("keeps numbers, orders, profiles and its public key across a restart", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "telnyx-"));
    try {
      const first = await TestTelnyx.start({ dataDir });
      await first.set({ orderPendingMs: 60_000 });
      const profileId = await first.createProfile();
      await first.sdk.numberOrders.create({
        phone_numbers: [{ phone_number: await first.offer() }],
        messaging_profile_id: profileId,
        customer_reference: "cv-kept",
      });
      const { publicKey } = first.double;
      await first.close();
      const second = await TestTelnyx.start({ dataDir });
      expect(second.double.publicKey).toBe(publicKey);
      expect(second.double.state().orders).toMatchObject([{ status: "pending" }]);
      await second.advance(60_000);
      await eventually("the order ends", () => second.double.state().orders[0]?.status === "success");
      expect(second.double.state().numbers).toMatchObject([{ customerReference: "cv-kept" }]);
      expect((await second.sdk.messagingProfiles.retrieve(profileId)).data?.name).toBe("cv-test");
      await second.close();
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });
});
