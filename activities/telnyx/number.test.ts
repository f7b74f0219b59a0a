import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type InstanceId, resourceName } from "../../domain/ids.ts";
import { TestTelnyx } from "../../infra/local/doubles/telnyx/testing.ts";
import type { ResourceOwner } from "../resources/resource-kind.ts";
import { TelnyxClient } from "./client.ts";
import { NumberKind, type NumberOptions } from "./number.ts";

let test: TestTelnyx;
beforeEach(async () => {
  test = await TestTelnyx.start();
});
afterEach(() => test.close());

const WAITS = { orderMs: 150, verifyMs: 1_500, pollMs: 10 };
const kindWith = (options: Partial<NumberOptions> = {}, apiKey = test.double.apiKey) =>
  new NumberKind({
    client: new TelnyxClient({ apiKey, baseUrl: test.double.url }),
    profile: { name: "cv-test" },
    ...options,
    waits: { ...WAITS, ...options.waits },
  });
function ownerOf(id: string): ResourceOwner {
  const instanceId = id.padEnd(12, "0") as InstanceId;
  return { instanceId, name: resourceName("cv", "test", instanceId), siblings: new Map() };
}
const owner = ownerOf("a");
const other = ownerOf("b");
const found = (numbers: string[]) => numbers.map((externalId) => ({ externalId }));
const onOrder = { match: { method: "POST", path: "/number_orders$" } };
const numbers = () => test.double.state().numbers;

describe("creating a number", () => {
  it("buys exactly one, named, of the profile, with SMS, and finds it again", async () => {
    const kind = kindWith();
    expect(await kind.find(owner)).toEqual([]);
    const { externalId } = await kind.create(owner);
    expect(externalId).toMatch(/^\+1\d{10}$/);
    const [profile] = test.double.state().profiles;
    expect(numbers()).toMatchObject([
      {
        phoneNumber: externalId,
        customerReference: owner.name,
        tags: [owner.name],
        messagingProfileId: profile?.id,
        hasSms: true,
      },
    ]);
    expect(test.double.state()).toMatchObject({ numbersBought: 1, balanceUsd: 999 });
    expect(await kind.find(owner)).toEqual(found([externalId]));
    expect(await kind.find(other)).toEqual([]);
  });

  it("waits for a pending order and for messaging settings that are not there yet", async () => {
    await test.set({ orderPendingMs: 60, messagingDelayMs: 60 });
    const kind = kindWith({ waits: { ...WAITS, orderMs: 2_000 } });
    const { externalId } = await kind.create(owner);
    expect(numbers()).toMatchObject([{ phoneNumber: externalId, tags: [owner.name] }]);
  });

  it.each(["reset", "truncatedJson"] as const)(
    "is in doubt when the order was placed and said otherwise (%s); the next attempt does not buy again",
    async (fault) => {
      const kind = kindWith();
      test.double.faults.add({ ...onOrder, fault: { kind: fault }, position: "after" });
      await expect(kind.create(owner)).rejects.toMatchObject({ code: "ambiguous" });
      const [bought] = await kind.find(owner);
      expect(bought?.externalId).toBe(numbers()[0]?.phoneNumber);
      expect(await kind.create(owner)).toEqual(bought);
      expect(test.double.state().numbersBought).toBe(1);
    },
  );

  it("is in doubt while the order is pending, and the next look-up sees the order", async () => {
    await test.set({ orderPendingMs: 60_000 });
    const kind = kindWith({ waits: { ...WAITS, verifyMs: 300 } });
    await expect(kind.create(owner)).rejects.toMatchObject({ code: "ambiguous" });
    const [pending] = await kind.find(owner);
    expect(pending?.externalId).toBe(test.double.state().orders[0]?.phoneNumbers[0]);
    // `transient` when its time was over in the middle of a look.
    await expect(kind.verify(String(pending?.externalId), owner)).rejects.toMatchObject({
      code: expect.stringMatching(/^(ambiguous|transient)$/),
    });
    await test.advance(60_000);
    await kind.verify(String(pending?.externalId), owner);
    expect(await kind.find(owner)).toEqual(found(numbers().map(({ phoneNumber }) => phoneNumber)));
    expect(test.double.state()).toMatchObject({ numbersBought: 1, orders: [{ status: "success" }] });
  });

  it("is in doubt when the placed order cannot be read", async () => {
    test.double.faults.add({
      match: { method: "GET", path: "/number_orders/" },
      fault: { kind: "429", retryAfterSeconds: 9 },
    });
    await expect(kindWith().create(owner)).rejects.toMatchObject({ code: "ambiguous" });
    expect(await kindWith().find(owner)).toHaveLength(1);
  });

  it("takes another candidate when one is gone, whichever status says so", async () => {
    for (const takenStatus of [409, 422]) {
      await test.set({ takenStatus });
      test.double.faults.add({ ...onOrder, fault: { kind: "provider", name: "numberTaken" }, times: 3 });
      await kindWith().create(takenStatus === 409 ? owner : other);
    }
    expect(test.double.state().numbersBought).toBe(2);
  });

  it("gives up for now when every candidate is gone, without having bought", async () => {
    test.double.faults.add({ ...onOrder, fault: { kind: "provider", name: "numberTaken" }, times: 100 });
    await expect(kindWith().create(owner)).rejects.toMatchObject({ code: "transient" });
    expect(test.double.state().orders).toEqual([]);
  });

  it("fails without effect when the order fails, and the failed order does not count", async () => {
    const kind = kindWith();
    test.double.faults.add({ ...onOrder, fault: { kind: "provider", name: "orderFails" } });
    await expect(kind.create(owner)).rejects.toMatchObject({ code: "transient" });
    expect(await kind.find(owner)).toEqual([]);
    await kind.create(owner);
    expect(test.double.state().numbersBought).toBe(1);
  });

  it.each([
    [{ soldOut: true }, "no number is on offer"],
    [{ maxNumbers: 0 }, "limit"],
    [{ creditUsd: 0 }, "funds"],
  ])("is exhausted with %j", async (settings, reason) => {
    await test.set(settings);
    await expect(kindWith().create(owner)).rejects.toMatchObject({
      code: "exhausted",
      detail: expect.stringContaining(reason),
    });
    expect(numbers()).toEqual([]);
  });

  it("is throttled for as long as the provider says, and denied with another key", async () => {
    test.double.faults.add({ ...onOrder, fault: { kind: "429", retryAfterSeconds: 7 } });
    await expect(kindWith().create(owner)).rejects.toMatchObject({ code: "throttled", retryAfterMs: 7_000 });
    await expect(kindWith({}, "KEY-other").create(owner)).rejects.toMatchObject({ code: "denied" });
    expect(test.double.state().orders).toEqual([]);
  });

  it("does not buy a number again that is in quarantine", async () => {
    const { data } = await test.sdk.availablePhoneNumbers.list({ filter: { limit: 20 } });
    const offered = (data ?? []).map((offer) => String(offer.phone_number));
    const free = offered[13];
    const { externalId } = await kindWith({ isQuarantined: (number) => number !== free }).create(owner);
    expect(externalId).toBe(free);
    await expect(kindWith({ isQuarantined: async () => true }).create(other)).rejects.toMatchObject({
      code: "exhausted",
    });
  });

  it("buys one at a time when told so, and ten owners get ten numbers", async () => {
    let running = 0;
    let most = 0;
    let turn: Promise<unknown> = Promise.resolve();
    const serialize = <T>(work: () => Promise<T>): Promise<T> => {
      const mine = turn.then(async () => {
        most = Math.max(most, ++running);
        return work().finally(() => running--);
      });
      turn = mine;
      return mine;
    };
    const kind = kindWith({ serialize });
    await Promise.all([..."cdefghijkl"].map((id) => kind.create(ownerOf(id))));
    expect(most).toBe(1);
    expect(test.double.state()).toMatchObject({ numbersBought: 10 });
    expect(new Set(numbers().map(({ customerReference }) => customerReference)).size).toBe(10);
    expect(test.double.state().profiles).toHaveLength(1);
  });
});

describe("verifying a number", () => {
  const bought = async (profileId?: string) => test.buyNumber(profileId, owner.name);

  it("gives it to the environment's profile and puts the name on it", async () => {
    const foreign = await test.createProfile({ name: "another" });
    const phoneNumber = await bought(foreign);
    await kindWith().verify(phoneNumber, owner);
    const ours = test.double.state().profiles.find(({ name }) => name === "cv-test");
    expect(numbers()).toMatchObject([{ messagingProfileId: ours?.id, tags: [owner.name] }]);
  });

  it("waits while it takes no SMS, then gives it back as invalid", async () => {
    const phoneNumber = await bought();
    const patient = kindWith({ waits: { ...WAITS, verifyMs: 150 } });
    await expect(patient.verify(phoneNumber, owner)).rejects.toMatchObject({ code: "transient" });
    expect(numbers()).toHaveLength(1);
    const overdue = kindWith({ waits: { ...WAITS, messagingWindowMs: 0 } });
    await expect(overdue.verify(phoneNumber, owner)).rejects.toMatchObject({ code: "invalid" });
    expect(numbers()).toEqual([]);
    expect(await overdue.find(owner)).toEqual([]);
  });

  it("names a number that its order's reference did not reach; it is found by its order before that", async () => {
    await test.set({ referenceOnNumber: false });
    const phoneNumber = await bought(await test.createProfile());
    expect(numbers()).toMatchObject([{ customerReference: null }]);
    const kind = kindWith();
    expect(await kind.find(owner)).toEqual(found([phoneNumber]));
    await kind.verify(phoneNumber, owner);
    expect(numbers()).toMatchObject([{ customerReference: owner.name, tags: [owner.name] }]);
  });
});

describe("finding a number", () => {
  it("looks at its tag too, and at nothing that carries another's reference", async () => {
    const tagged = await test.buyNumber(undefined, "");
    await test.sdk.phoneNumbers.update(tagged, { tags: ["billing", owner.name] });
    expect(await kindWith().find(owner)).toEqual(found([tagged]));
    expect(await kindWith().list("cv-test-")).toMatchObject([{ externalId: tagged, name: owner.name }]);
    await test.sdk.phoneNumbers.update(tagged, { customer_reference: other.name });
    expect(await kindWith().find(owner)).toEqual([]);
  });
});

describe("removing a number", () => {
  it("releases it, reads back that it is gone, and may be repeated", async () => {
    const kind = kindWith();
    const { externalId } = await kind.create(owner);
    const { externalId: theirs } = await kind.create(other);
    expect(await kind.remove(externalId, owner)).toEqual({ kind: "absent" });
    expect(await kind.remove(externalId, owner)).toEqual({ kind: "absent" });
    expect(numbers()).toMatchObject([{ phoneNumber: theirs }]);
    expect(test.double.state().numbersReleased).toBe(1);
    expect(await kind.find(owner)).toEqual([]);
  });

  it("succeeds when the release happened and said otherwise, at the next attempt", async () => {
    const kind = kindWith();
    const { externalId } = await kind.create(owner);
    test.double.faults.add({ match: { method: "DELETE" }, fault: { kind: "reset" }, position: "after" });
    await expect(kind.remove(externalId, owner)).rejects.toMatchObject({ code: "ambiguous" });
    expect(await kind.remove(externalId, owner)).toEqual({ kind: "absent" });
  });

  it("never touches a number that was released and bought by another meanwhile", async () => {
    const kind = kindWith();
    const { externalId } = await kind.create(owner);
    await kind.remove(externalId, owner);
    await test.sdk.availablePhoneNumbers.list({ filter: { limit: 250 } });
    await test.sdk.numberOrders.create({
      phone_numbers: [{ phone_number: externalId }],
      customer_reference: other.name,
    });
    expect(await kind.find(other)).toEqual(found([externalId]));
    expect(await kind.find(owner)).toEqual([]);
    expect(await kind.remove(externalId, owner)).toEqual({ kind: "absent" });
    expect(numbers()).toMatchObject([{ phoneNumber: externalId, customerReference: other.name }]);
  });

  it("cancels an order that is stuck", async () => {
    const kind = kindWith({ waits: { ...WAITS, verifyMs: 100 } });
    await test.set({ orderOutcome: "stuck" });
    await expect(kind.create(owner)).rejects.toMatchObject({ code: "ambiguous" });
    const [pending] = await kind.find(owner);
    expect(await kind.remove(String(pending?.externalId), owner)).toEqual({ kind: "absent" });
    expect(test.double.state().orders).toMatchObject([{ status: "cancelled" }]);
  });

  it("releases the number that a pending order became late", async () => {
    const kind = kindWith();
    await test.set({ orderPendingMs: 60_000 });
    await expect(kind.create(owner)).rejects.toMatchObject({ code: "ambiguous" });
    const externalId = String((await kind.find(owner))[0]?.externalId);
    test.double.faults.add({
      match: { path: "/cancel$" },
      fault: { kind: "status", status: 422, body: { errors: [{ code: "10027" }] } },
    });
    await expect(kind.remove(externalId, owner)).rejects.toMatchObject({
      code: "transient",
      detail: expect.stringContaining("still pending"),
    });
    await test.advance(60_000);
    expect(numbers()).toHaveLength(1);
    expect(await kind.remove(externalId, owner)).toEqual({ kind: "absent" });
    expect(numbers()).toEqual([]);
  });

  it("is a conflict while an operator has locked it", async () => {
    const kind = kindWith();
    const { externalId } = await kind.create(owner);
    await test.set({ deletionLock: true });
    await expect(kind.remove(externalId, owner)).rejects.toMatchObject({ code: "conflict" });
    expect(numbers()).toHaveLength(1);
  });

  it("is never taken for done when the provider only refuses the key or cannot be understood", async () => {
    const { externalId } = await kindWith().create(owner);
    const stranger = kindWith({}, "KEY-other");
    await expect(stranger.remove(externalId, owner)).rejects.toMatchObject({ code: "denied" });
    await expect(stranger.find(owner)).rejects.toMatchObject({ code: "denied" });
    for (const status of [200, 404]) {
      test.double.faults.add({ match: { path: "/phone_numbers$" }, fault: { kind: "html", status } });
      await expect(kindWith().remove(externalId, owner)).rejects.toMatchObject({ code: "transient" });
    }
    expect(numbers()).toHaveLength(1);
  });
});

describe("the inventory", () => {
  it("lists what carries the prefix, pending orders too, beyond one page", async () => {
    const references = Array.from({ length: 255 }, (_, index) => `cv-test-many${index}`);
    const { data } = await test.sdk.availablePhoneNumbers.list({ filter: { limit: 250 } });
    const more = await test.sdk.availablePhoneNumbers.list({
      filter: { limit: 100, national_destination_code: "215" },
    });
    const offers = [...new Set([...(data ?? []), ...(more.data ?? [])].map((o) => String(o.phone_number)))];
    for (const [index, reference] of references.entries())
      await test.sdk.numberOrders.create({
        phone_numbers: [{ phone_number: String(offers[index]) }],
        customer_reference: reference,
      });
    await test.buyNumber(undefined, "cv-prod-elsewhere");
    await test.set({ orderPendingMs: 60_000 });
    await test.sdk.numberOrders.create({
      phone_numbers: [{ phone_number: await test.offer() }],
      customer_reference: "cv-test-pending",
    });
    const items = await kindWith().list("cv-test-");
    expect(items.map(({ name }) => name).sort()).toEqual([...references, "cv-test-pending"].sort());
    expect(items.every(({ createdAt }) => Number(createdAt) > Date.now() - 60_000)).toBe(true);
  });
});

describe("handing a number over", () => {
  it("makes it the successor's, and no longer the owner's", async () => {
    const kind = kindWith();
    const { externalId } = await kind.create(owner);
    await kind.handOver(externalId, owner, other.name);
    expect(await kind.find(owner)).toEqual([]);
    expect(await kind.find(other)).toEqual(found([externalId]));
    expect(await kind.remove(externalId, owner)).toEqual({ kind: "absent" });
    expect(numbers()).toMatchObject([{ customerReference: other.name, tags: [other.name] }]);
    await expect(kind.handOver(externalId, owner, other.name)).rejects.toMatchObject({ code: "conflict" });
  });
});
