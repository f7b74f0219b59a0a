import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentMail } from "agentmail";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestDouble } from "./testing.ts";

let test: TestDouble;
beforeEach(async () => {
  test = await TestDouble.start();
});
afterEach(() => test.close());

const refusal = (statusCode: number, code: string) => ({ statusCode, body: { code } });

describe("creating an inbox", () => {
  it("answers with the whole inbox, whose id is its address", async () => {
    const wanted = {
      username: "Convos-AB12",
      displayName: "An agent",
      clientId: "cv-test-1",
      metadata: { owner: "cv-test-1", generation: 2, isAgent: true },
    };
    const inbox = await test.sdk.inboxes.create(wanted);
    expect(inbox).toEqual({
      podId: expect.any(String),
      inboxId: "convos-ab12@agentmail.to",
      email: "convos-ab12@agentmail.to",
      displayName: "An agent",
      clientId: "cv-test-1",
      metadata: wanted.metadata,
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
    });
    expect(await test.sdk.inboxes.get(inbox.inboxId)).toEqual(inbox);
  });

  it("brings the same inbox again for the same client id, whatever else is asked for", async () => {
    const first = await test.sdk.inboxes.create({ username: "one", clientId: "cv-test-1" });
    expect(await test.sdk.inboxes.create({ username: "two", clientId: "cv-test-1" })).toEqual(first);
    expect(test.double.state().inboxes).toHaveLength(1);
  });

  it("replays a client id after the deletion, or makes a new inbox where that is set", async () => {
    const first = await test.sdk.inboxes.create({ username: "one", clientId: "cv-test-1" });
    await test.sdk.inboxes.delete(first.inboxId);
    expect(await test.sdk.inboxes.create({ username: "one", clientId: "cv-test-1" })).toEqual(first);
    await expect(test.sdk.inboxes.get(first.inboxId)).rejects.toBeInstanceOf(AgentMail.NotFoundError);
    await test.set({ clientIdAfterDelete: "new" });
    await test.sdk.inboxes.create({ username: "one", clientId: "cv-test-1" });
    expect(test.double.state().inboxes).toHaveLength(1);
  });

  it.each(["cv:test", "a@b", "", "ä"])("refuses the client id %j", async (clientId) => {
    const creation = test.sdk.inboxes.create({ clientId });
    await expect(creation).rejects.toBeInstanceOf(AgentMail.ValidationError);
    await expect(creation).rejects.toMatchObject(refusal(400, "validation_error"));
  });

  it("refuses a name that anybody holds, a domain that is not verified, and more than the plan has", async () => {
    await test.inbox("one");
    await test.set({ takenUsernames: ["theirs"], inboxLimit: 2 });
    for (const username of ["one", "ONE", "theirs"]) {
      await expect(test.sdk.inboxes.create({ username })).rejects.toMatchObject(
        refusal(403, "resource_taken"),
      );
    }
    await expect(test.sdk.inboxes.create({ domain: "elsewhere.example" })).rejects.toMatchObject(
      refusal(403, "domain_not_verified"),
    );
    await test.inbox("two");
    await expect(test.sdk.inboxes.create({ username: "three" })).rejects.toMatchObject(
      refusal(403, "limit_exceeded"),
    );
    expect(await test.sdk.organizations.get()).toMatchObject({ inboxCount: 2, inboxLimit: 2 });
  });
});

describe("inboxes", () => {
  it("are listed newest first in pages, also when a page on the way is empty", async () => {
    for (const username of ["one", "two", "three", "four", "five"]) await test.inbox(username);
    await test.set({ emptyFirstPage: true });
    const pages: string[][] = [];
    let pageToken: string | undefined;
    do {
      const page = await test.sdk.inboxes.list({ limit: 2, ...(pageToken ? { pageToken } : {}) });
      pages.push(page.inboxes.map(({ inboxId }) => inboxId.split("@")[0] ?? ""));
      pageToken = page.nextPageToken;
    } while (pageToken);
    expect(pages).toEqual([[], ["five", "four"], ["three", "two"], ["one"]]);
    await test.set({ emptyFirstPage: false });
    const { inboxes, count } = await test.sdk.inboxes.list({ ascending: true });
    expect([count, inboxes[0]?.inboxId]).toEqual([5, "one@agentmail.to"]);
  });

  it("merge changes into their metadata", async () => {
    const { inboxId } = await test.sdk.inboxes.create({ username: "one", metadata: { a: "1", b: "2" } });
    const changed = await test.sdk.inboxes.update(inboxId, {
      metadata: { b: null, c: 3 },
      displayName: "One",
    });
    expect(changed).toMatchObject({ displayName: "One", metadata: { a: "1", c: 3 } });
    expect((await test.sdk.inboxes.update(inboxId, { metadata: null })).metadata).toEqual({});
    await expect(test.sdk.inboxes.update(inboxId, {})).rejects.toMatchObject(
      refusal(400, "validation_error"),
    );
  });

  it("are deleted once; the second time there is nothing, and nothing of the mail and the keys is left", async () => {
    const inboxId = await test.inbox("one");
    const key = await test.keyOf(inboxId);
    await test.receive({ inboxId });
    await test.sdk.inboxes.delete(inboxId);
    await expect(test.sdk.inboxes.delete(inboxId)).rejects.toMatchObject(refusal(404, "not_found"));
    await expect(test.sdkOf(key).inboxes.list()).rejects.toMatchObject(refusal(401, "unknown_api_key"));
    expect(test.double.state()).toMatchObject({ inboxes: [], keys: [] });
    await test.inbox("one");
    expect(test.double.state().inboxes).toMatchObject([{ messages: 0 }]);
  });

  it("say that their deletion is still running, when they are told to", async () => {
    const inboxId = await test.inbox("one");
    const fault = { kind: "provider", name: "resourceDeleting" };
    test.double.faults.add({ match: { method: "DELETE" }, fault });
    await expect(test.sdk.inboxes.delete(inboxId)).rejects.toMatchObject(refusal(409, "resource_deleting"));
    await expect(test.sdk.inboxes.get(inboxId)).rejects.toMatchObject(refusal(404, "not_found"));
  });

  it("are in the list before they answer to their id, where that is set", async () => {
    await test.set({ readSettleMs: 2_000 });
    const inboxId = await test.inbox("one");
    await expect(test.sdk.inboxes.get(inboxId)).rejects.toMatchObject(refusal(404, "not_found"));
    await expect(test.sdk.inboxes.delete(inboxId)).rejects.toMatchObject(refusal(404, "not_found"));
    expect((await test.sdk.inboxes.list()).inboxes).toHaveLength(1);
    await test.advance(2_000);
    expect(await test.sdk.inboxes.get(inboxId)).toMatchObject({ inboxId });
  });

  it("outlive a restart with their keys, their mail and the clock", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "agentmail-double-"));
    try {
      const before = await TestDouble.start({ dataDir });
      const inboxId = await before.inbox("one");
      const key = await before.keyOf(inboxId, { message_read: true, messageRead: true });
      await before.receive({ inboxId });
      const state = before.double.state();
      await before.close();
      const after = await TestDouble.start({ dataDir });
      expect(after.double.state()).toEqual(state);
      expect((await after.sdkOf(key).inboxes.messages.list(inboxId)).messages).toHaveLength(1);
      await after.close();
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });
});

describe("keys", () => {
  it("are shown once and know one inbox only", async () => {
    const one = await test.inbox("one");
    const two = await test.inbox("two");
    const made = await test.sdk.inboxes.apiKeys.create(one, {
      name: "agent",
      permissions: { inboxRead: true },
    });
    if (!("apiKey" in made)) throw new Error("no bearer key was made");
    expect(made).toMatchObject({ name: "agent", inboxId: one, permissions: { inboxRead: true } });
    const { apiKeys } = await test.sdk.inboxes.apiKeys.list(one);
    expect(apiKeys).toMatchObject([{ type: "bearer", apiKeyId: made.apiKeyId, inboxId: one, name: "agent" }]);
    expect((await test.sdk.apiKeys.list()).apiKeys).toEqual(apiKeys);
    expect(JSON.stringify([apiKeys, await test.control("GET", "state")])).not.toContain(made.apiKey);

    const scoped = test.sdkOf(made.apiKey);
    expect((await scoped.inboxes.list()).inboxes).toMatchObject([{ inboxId: one }]);
    await expect(scoped.inboxes.get(two)).rejects.toMatchObject(refusal(404, "not_found"));
    await expect(scoped.inboxes.messages.list(one)).rejects.toMatchObject(refusal(403, "missing_permission"));
    await expect(scoped.inboxes.create({})).rejects.toMatchObject(refusal(403, "missing_permission"));
    await expect(scoped.webhooks.list()).rejects.toMatchObject(refusal(403, "missing_permission"));

    await test.sdk.inboxes.apiKeys.delete(one, made.apiKeyId);
    await expect(scoped.inboxes.list()).rejects.toMatchObject(refusal(401, "unknown_api_key"));
    await expect(test.sdk.inboxes.apiKeys.delete(one, made.apiKeyId)).rejects.toMatchObject(
      refusal(404, "not_found"),
    );
  });

  it("cannot grant what they do not hold", async () => {
    const inboxId = await test.inbox("one");
    const limited = test.sdkOf(await test.keyOf(inboxId, { apiKeyCreate: true }));
    await expect(limited.inboxes.apiKeys.create(inboxId, { name: "more" })).rejects.toMatchObject(
      refusal(403, "permission_escalation"),
    );
    await limited.inboxes.apiKeys.create(inboxId, { permissions: { apiKeyCreate: true } });
    expect(test.double.state().keys).toHaveLength(2);
  });

  it("that are missing, of another scheme or unknown are told apart", async () => {
    const call = async (authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await fetch(`${test.double.url}/v0/inboxes`, { headers });
      const body: unknown = await answer.json();
      return [answer.status, Object(body).code];
    };
    expect(await call()).toEqual([401, "missing_authorization"]);
    expect(await call(`bearer ${test.double.apiKey}`)).toEqual([401, "invalid_token_type"]);
    expect(await call("Bearer am_wrong")).toEqual([401, "unknown_api_key"]);
    expect(await call(`Bearer ${test.double.apiKey}`)).toEqual([200, undefined]);
  });
});
