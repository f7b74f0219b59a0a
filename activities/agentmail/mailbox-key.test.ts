import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseInstanceId, resourceName } from "../../domain/ids.ts";
import { TestDouble } from "../../infra/local/doubles/agentmail/testing.ts";
import type { ResourceOwner } from "../resources/resource-kind.ts";
import { mailboxKind } from "./mailbox.ts";
import { mailboxKeyKind } from "./mailbox-key.ts";

let test: TestDouble;
let owner: ResourceOwner;
let inboxId: string;
beforeEach(async () => {
  test = await TestDouble.start();
  const instanceId = parseInstanceId("abcdef123456");
  if (!instanceId) throw new Error("not an instance id");
  const siblings = new Map<string, string>();
  owner = { instanceId, name: resourceName("cv", "test", instanceId), siblings };
  inboxId = (await mailbox().create(owner)).externalId;
  siblings.set("mailbox", inboxId);
});
afterEach(() => test.close());

const account = () => ({ baseUrl: test.double.url, apiKey: test.double.apiKey });
const mailbox = () => mailboxKind(account());
const kind = (apiKey = test.double.apiKey) => mailboxKeyKind({ ...account(), apiKey });
const keys = () => test.double.state().keys;
const withoutMailbox = () => ({ ...owner, siblings: new Map<string, string>() });

describe("a mailbox key", () => {
  it("lets its holder read, send, answer, label and listen, and nothing else", async () => {
    const made = await kind().create(owner);
    expect(kind().secret).toBe("mailbox-key");
    expect(keys()).toMatchObject([{ name: owner.name, inboxId }]);
    const agent = test.sdkOf(made.secret ?? "");
    const other = await test.inbox("other");
    const { messageId } = await agent.inboxes.messages.send(inboxId, { to: other, subject: "x", text: "y" });
    await test.sdk.inboxes.messages.reply(other, messageId, { text: "z" });
    const [answer] = (await agent.inboxes.messages.list(inboxId, { labels: ["unread"] })).messages;
    if (!answer) throw new Error("no answer arrived");
    expect((await agent.inboxes.messages.get(inboxId, answer.messageId)).text).toBe("z");
    await agent.inboxes.messages.update(inboxId, answer.messageId, { removeLabels: ["unread"] });
    await agent.inboxes.messages.reply(inboxId, answer.messageId, { text: "thanks" });
    const socket = await agent.websockets.connect({ reconnectAttempts: 0 });
    expect(test.double.state().websockets).toBe(1);
    socket.close();

    const refused = { statusCode: 403, body: { code: "missing_permission" } };
    await expect(agent.inboxes.delete(inboxId)).rejects.toMatchObject(refused);
    await expect(agent.inboxes.update(inboxId, { metadata: { owner: "x" } })).rejects.toMatchObject(refused);
    await expect(agent.inboxes.apiKeys.create(inboxId, {})).rejects.toMatchObject(refused);
    await expect(agent.inboxes.apiKeys.list(inboxId)).rejects.toMatchObject(refused);
    await expect(agent.inboxes.messages.delete(inboxId, messageId)).rejects.toMatchObject(refused);
    await expect(agent.inboxes.messages.list(other)).rejects.toMatchObject({ statusCode: 404 });
  });

  it("is found by its name, with and without the mailbox at hand", async () => {
    await test.set({ maxPageSize: 2, emptyFirstPage: true });
    await test.keyOf(inboxId);
    const { secret, ...made } = await kind().create(owner);
    await test.keyOf(inboxId);
    expect(await kind().find(owner)).toEqual([made]);
    expect(await kind().find(withoutMailbox())).toEqual([made]);
    expect(await kind().list("cv-test-")).toEqual([
      { ...made, name: owner.name, createdAt: expect.any(Date) },
    ]);
    expect(await kind().list("cv-production-")).toEqual([]);
  });

  it("needs a mailbox that is there", async () => {
    await expect(kind().create(withoutMailbox())).rejects.toMatchObject({ code: "conflict" });
    await mailbox().remove(inboxId, owner);
    await expect(kind().create(owner)).rejects.toMatchObject({ code: "conflict" });
    expect(await kind().find(owner)).toEqual([]);
    expect(await kind().find(withoutMailbox())).toEqual([]);
  });

  it("waits for a mailbox that does not answer yet", async () => {
    await test.set({ readSettleMs: 60_000 });
    await expect(kind().create(owner)).rejects.toMatchObject({ code: "transient" });
    await test.advance(60_000);
    expect(await kind().create(owner)).toMatchObject({ secret: expect.stringMatching(/^am_/) });
  });

  it("made behind a failure is ambiguous and found by its name, so that it can be replaced", async () => {
    const match = { path: "/api-keys$", method: "POST" };
    test.double.faults.add({ match, position: "after", fault: { kind: "reset" } });
    await expect(kind().create(owner)).rejects.toMatchObject({ code: "ambiguous" });
    const [found] = await kind().find(owner);
    expect(await kind().remove(found?.externalId ?? "", owner)).toEqual({ kind: "absent" });
    expect(keys()).toEqual([]);
  });

  it("whose answer has another shape is in doubt and never repeats what was in it", async () => {
    const body = { api_key: "am_very_secret", name: 5 };
    const match = { path: "/api-keys$", method: "POST" };
    test.double.faults.add({ match, position: "after", fault: { kind: "status", status: 200, body } });
    const failure: unknown = await kind()
      .create(owner)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ambiguous" });
    expect(JSON.stringify(failure) + String(failure)).not.toContain("am_very_secret");
  });

  it("is revoked and made absent, as often as it is asked for", async () => {
    const { externalId, secret } = await kind().create(owner);
    await kind().revoke?.(externalId);
    await expect(test.sdkOf(secret ?? "").inboxes.list()).rejects.toMatchObject({ statusCode: 401 });
    await kind().revoke?.(externalId);
    expect(await kind().remove(externalId, owner)).toEqual({ kind: "absent" });
    expect(await kind().remove(externalId, owner)).toEqual({ kind: "absent" });
  });

  it("is absent when its mailbox is, but not when that only does not answer yet", async () => {
    const { externalId } = await kind().create(owner);
    await test.set({ readSettleMs: 60_000 });
    await expect(kind().remove(externalId, owner)).rejects.toMatchObject({ code: "transient" });
    await test.set({ readSettleMs: 0 });
    await mailbox().remove(inboxId, owner);
    expect(await kind().remove(externalId, owner)).toEqual({ kind: "absent" });
  });

  it("is never taken for absent when only the credential is refused", async () => {
    const { externalId } = await kind().create(owner);
    await expect(kind("am_wrong").remove(externalId, owner)).rejects.toMatchObject({ code: "denied" });
    await expect(kind("am_wrong").revoke?.(externalId)).rejects.toMatchObject({ code: "denied" });
    expect(keys()).toHaveLength(1);
  });

  it("is refused to be removed under an id that is none", async () => {
    await expect(kind().remove("nonsense", owner)).rejects.toMatchObject({ code: "invalid" });
  });
});
