import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PlatformError } from "../../domain/errors.ts";
import { parseInstanceId, resourceName } from "../../domain/ids.ts";
import { TestDouble } from "../../infra/local/doubles/agentmail/testing.ts";
import { freePort } from "../../infra/local/free-port.ts";
import type { ResourceOwner } from "../resources/resource-kind.ts";
import { mailboxKind } from "./mailbox.ts";

let test: TestDouble;
beforeEach(async () => {
  test = await TestDouble.start();
});
afterEach(async () => {
  vi.useRealTimers();
  await test.close();
});

const kind = (change: { apiKey?: string; baseUrl?: string; fetch?: typeof fetch } = {}) =>
  mailboxKind({ baseUrl: test.double.url, apiKey: test.double.apiKey, ...change });
const boxes = () => test.double.state().inboxes;

function ownerOf(id = "abcdef123456", environment = "test"): ResourceOwner {
  const instanceId = parseInstanceId(id);
  if (!instanceId) throw new Error("not an instance id");
  return { instanceId, name: resourceName("cv", environment, instanceId), siblings: new Map() };
}
const owner = ownerOf();

describe("a mailbox", () => {
  it("is made under a name derived from its instance, found by it and adopted", async () => {
    expect(await kind().find(owner)).toEqual([]);
    const made = await kind().create(owner);
    expect(made.externalId).toMatch(/^convos-[0-9a-f]{10}@agentmail\.to$/);
    expect(made).not.toHaveProperty("secret");
    expect(boxes()).toMatchObject([
      {
        clientId: "cv-test-abcdef123456",
        metadata: { owner: "cv-test-abcdef123456", environment: "cv-test" },
      },
    ]);
    expect(await kind().find(owner)).toEqual([made]);
    expect(await kind().create(owner)).toEqual(made);
    expect(boxes()).toHaveLength(1);
  });

  it.each(["reset", "html", "truncatedJson"] as const)(
    "made behind a failure (%s) is ambiguous, then found by its name",
    async (fault) => {
      test.double.faults.add({ match: { method: "POST" }, position: "after", fault: { kind: fault } });
      await expect(kind().create(owner)).rejects.toMatchObject({ code: "ambiguous" });
      const found = await kind().find(owner);
      expect(found).toHaveLength(1);
      expect(await kind().create(owner)).toEqual(found[0]);
      expect(boxes()).toHaveLength(1);
    },
  );

  it("takes the next address when somebody else has the first, and is found under its name all the same", async () => {
    const first = await kind().create(owner);
    await kind().remove(first.externalId, owner);
    const username = first.externalId.split("@")[0] ?? "";
    await test.set({ takenUsernames: [username], clientIdAfterDelete: "new" });
    const second = await kind().create(owner);
    expect(second.externalId).toBe(`${username}-2@agentmail.to`);
    expect(await kind().find(owner)).toEqual([second]);
    expect(await kind().list("cv-test-")).toMatchObject([{ ...second, name: owner.name }]);
    await test.set({ takenUsernames: [1, 2, 3, 4, 5].map((n) => (n === 1 ? username : `${username}-${n}`)) });
    await kind().remove(second.externalId, owner);
    await expect(kind().create(owner)).rejects.toMatchObject({ code: "conflict" });
  });

  it("adopts what an attempt before left under its address, even without its client id", async () => {
    const { externalId } = await kind().create(owner);
    await kind().remove(externalId, owner);
    await test.set({ clientIdAfterDelete: "new" });
    const username = externalId.split("@")[0] ?? "";
    await test.sdk.inboxes.create({ username, metadata: { owner: owner.name } });
    expect(await kind().create(owner)).toEqual({ externalId });
    expect(boxes()).toHaveLength(1);
  });

  it("does not take the replay of a deleted inbox for an inbox", async () => {
    const first = await kind().create(owner);
    await kind().remove(first.externalId, owner);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
    const second = await kind().create(owner);
    expect(second.externalId).not.toBe(first.externalId);
    expect(boxes()).toMatchObject([{ inboxId: second.externalId, clientId: `${owner.name}.g2` }]);
    expect(await kind().find(owner)).toEqual([second]);
  });

  it("that the provider's reads do not show yet is there all the same, and not taken for deleted", async () => {
    await test.set({ readSettleMs: 2_000 });
    const made = await kind().create(owner);
    expect(await kind().find(owner)).toEqual([made]);
    await expect(kind().remove(made.externalId, owner)).rejects.toMatchObject({ code: "transient" });
    expect(boxes()).toHaveLength(1);
    await test.advance(2_000);
    expect(await kind().remove(made.externalId, owner)).toEqual({ kind: "absent" });
  });

  it("is made absent, twice, with its mail and its keys", async () => {
    const { externalId } = await kind().create(owner);
    await test.keyOf(externalId);
    expect(await kind().remove(externalId, owner)).toEqual({ kind: "absent" });
    expect(await kind().remove(externalId, owner)).toEqual({ kind: "absent" });
    expect(await kind().find(owner)).toEqual([]);
    expect(test.double.state()).toMatchObject({ inboxes: [], keys: [] });
  });

  it("that is still being deleted is waited for", async () => {
    const { externalId } = await kind().create(owner);
    const fault = { kind: "provider", name: "resourceDeleting" };
    test.double.faults.add({ match: { method: "DELETE" }, fault });
    await expect(kind().remove(externalId, owner)).rejects.toMatchObject({ code: "transient" });
    expect(await kind().remove(externalId, owner)).toEqual({ kind: "absent" });
  });

  it("whose deletion was answered with a failure is absent the next time", async () => {
    const { externalId } = await kind().create(owner);
    test.double.faults.add({ match: { method: "DELETE" }, position: "after", fault: { kind: "html" } });
    await expect(kind().remove(externalId, owner)).rejects.toMatchObject({ code: "ambiguous" });
    expect(await kind().remove(externalId, owner)).toEqual({ kind: "absent" });
  });

  it("is never taken for absent when only the credential is refused or the address is wrong", async () => {
    const { externalId } = await kind().create(owner);
    const stranger = kind({ apiKey: "am_wrong" });
    await expect(stranger.remove(externalId, owner)).rejects.toMatchObject({ code: "denied" });
    await expect(stranger.find(owner)).rejects.toMatchObject({ code: "denied" });
    const astray = kind({ baseUrl: `${test.double.url}/elsewhere` });
    await expect(astray.remove(externalId, owner)).rejects.toMatchObject({ code: "invalid" });
    expect(boxes()).toHaveLength(1);
  });

  it("is found among more than one page, also behind an empty one, and not confused with a sibling's", async () => {
    await test.set({ maxPageSize: 3, emptyFirstPage: true });
    const made = await kind().create(owner);
    const production = await kind().create(ownerOf("abcdef123457", "production"));
    for (let n = 0; n < 7; n++) await test.sdk.inboxes.create({ clientId: `somebody-${n}` });
    await test.sdk.inboxes.create({ clientId: `${owner.name}7` });
    expect(await kind().find(owner)).toEqual([made]);
    const listed = await kind().list("cv-production-");
    expect(listed).toEqual([
      { ...production, name: "cv-production-abcdef123457", createdAt: expect.any(Date) },
    ]);
  });

  it("of the same instance id in another environment is another mailbox", async () => {
    const staging = ownerOf("abcdef123456", "staging");
    const made = await kind().create(owner);
    const other = await kind().create(staging);
    expect(other.externalId).not.toBe(made.externalId);
    expect(await kind().find(staging)).toEqual([other]);
  });

  it("is not made beyond the plan", async () => {
    await test.set({ inboxLimit: 0 });
    await expect(kind().create(owner)).rejects.toMatchObject({ code: "exhausted" });
  });

  it("asks everything through the given fetch, which may refuse before anything is sent", async () => {
    const asked: string[] = [];
    const counting: typeof fetch = (input, init) => {
      asked.push(`${init?.method} ${new URL(String(input)).pathname}`);
      if (asked.length === 3) throw new PlatformError("throttled", { retryAfterMs: 1_234 });
      return fetch(input, init);
    };
    const { externalId } = await kind({ fetch: counting }).create(owner);
    expect(asked).toEqual(["POST /v0/inboxes", `GET /v0/inboxes/${encodeURIComponent(externalId)}`]);
    await expect(kind({ fetch: counting }).find(owner)).rejects.toMatchObject({
      code: "throttled",
      retryAfterMs: 1_234,
    });
    expect([asked.length, test.double.log().length]).toEqual([3, 2]);
  });

  it("cannot be reached without being in doubt when nobody listens", async () => {
    const nowhere = kind({ baseUrl: `http://127.0.0.1:${await freePort()}` });
    await expect(nowhere.create(owner)).rejects.toMatchObject({ code: "transient" });
  });
});
