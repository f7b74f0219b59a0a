import { AgentMail } from "agentmail";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestDouble } from "./testing.ts";

let test: TestDouble;
let one: string;
let two: string;
beforeEach(async () => {
  test = await TestDouble.start();
  one = await test.inbox("one");
  two = await test.inbox("two");
});
afterEach(() => test.close());

const messages = () => test.sdk.inboxes.messages;
const unread = async (inboxId: string) => (await messages().list(inboxId, { labels: ["unread"] })).messages;
const code = (statusCode: number, name: string) => ({ statusCode, body: { code: name } });

describe("mail between two inboxes", () => {
  it("arrives with its body and its attachment, which is fetched by a signed address", async () => {
    const content = Buffer.from([0, 1, 2, 250, 251, 252]).toString("base64");
    const sent = await messages().send(one, {
      to: two,
      subject: "Numbers",
      text: "Here they are",
      html: "<p>Here they are</p>",
      attachments: [{ filename: "n.bin", contentType: "application/x-numbers", content }],
    });
    const [item] = await unread(two);
    expect(item).toMatchObject({ messageId: sent.messageId, from: one, to: [two], subject: "Numbers" });
    expect(item).not.toHaveProperty("text");
    const message = await messages().get(two, sent.messageId);
    expect(message).toMatchObject({ text: "Here they are", extractedText: "Here they are", size: 39 });
    const attachmentId = message.attachments?.[0]?.attachmentId ?? "";
    const attachment = await messages().getAttachment(two, sent.messageId, attachmentId);
    expect(attachment).toMatchObject({ filename: "n.bin", contentType: "application/x-numbers", size: 6 });

    const file = await fetch(attachment.downloadUrl);
    expect(file.headers.get("content-type")).toBe("application/x-numbers");
    expect(Buffer.from(await file.arrayBuffer()).toString("base64")).toBe(content);
    const forged = attachment.downloadUrl.replace(/signature=.{5}/, "signature=AAAAA");
    expect((await fetch(forged)).status).toBe(403);
    await test.advance(3_600_001);
    expect((await fetch(attachment.downloadUrl)).status).toBe(403);

    const own = await messages().get(one, sent.messageId);
    expect(own.labels).toEqual(["sent"]);
    const raw = await messages().getRaw(two, sent.messageId);
    const eml = await (await fetch(raw.downloadUrl)).text();
    expect(Buffer.byteLength(eml)).toBe(raw.size);
    expect(eml).toContain(`Message-ID: ${sent.messageId}\r\n`);
    expect(eml).toContain(Buffer.from("Here they are").toString("base64"));
  });

  it("keeps a conversation in one thread on both sides", async () => {
    const first = await messages().send(one, { to: [two], subject: "Plan", text: "Shall we?" });
    const answer = await messages().reply(two, first.messageId, {
      text: "Yes\n\nOn Monday Ann wrote:\n> Shall we?",
    });
    expect((await unread(one))[0]).toMatchObject({ threadId: first.threadId, subject: "Re: Plan" });
    expect((await messages().get(one, answer.messageId)).extractedText).toBe("Yes");
    await messages().reply(one, answer.messageId, { text: "Good" });
    const threads = await test.sdk.inboxes.threads.list(two);
    expect(threads.threads).toMatchObject([{ messageCount: 3, subject: "Plan" }]);
    const thread = await test.sdk.inboxes.threads.get(two, answer.threadId);
    expect(thread.messages.map(({ text }) => text?.split("\n")[0])).toEqual(["Shall we?", "Yes", "Good"]);
    await test.sdk.inboxes.threads.delete(two, answer.threadId);
    expect((await messages().list(two)).messages).toEqual([]);
    expect((await messages().list(one)).messages).toHaveLength(3);
  });

  it("is answered to all and forwarded with what was attached; a blind copy is told to nobody", async () => {
    const three = await test.inbox("three");
    const first = await messages().send(one, {
      to: [two, "Ann <ann@outside.example>"],
      bcc: three,
      subject: "Plan",
      text: "Shall we?",
      attachments: [{ filename: "a.txt", content: Buffer.from("a").toString("base64") }],
    });
    expect(JSON.stringify(await test.mail(two))).not.toContain(three);
    const answer = await messages().replyAll(two, first.messageId, { text: "Yes" });
    expect((await messages().get(two, answer.messageId)).to).toEqual([one, "Ann <ann@outside.example>"]);
    const forwarded = await messages().forward(two, first.messageId, { to: three, text: "See" });
    expect(await messages().get(three, forwarded.messageId)).toMatchObject({
      subject: "Fwd: Plan",
      text: expect.stringMatching(/^See\n\n.*Shall we\?$/s),
      attachments: [{ filename: "a.txt" }],
    });
  });

  it("is labelled and unlabelled", async () => {
    const { messageId } = await messages().send(one, { to: two, subject: "x", text: "y", labels: ["mine"] });
    expect((await messages().get(one, messageId)).labels).toEqual(["sent", "mine"]);
    const changed = await messages().update(two, messageId, { addLabels: ["read"], removeLabels: "unread" });
    expect(changed).toEqual({ messageId, labels: ["received", "read"] });
    expect(await unread(two)).toEqual([]);
    expect((await messages().list(two, { labels: ["read"] })).messages).toHaveLength(1);
  });
});

describe("mail from the world", () => {
  it("arrives with all of it, shown by the test's own endpoint and never in the state", async () => {
    await test.receive({
      inboxId: one,
      text: "a private word",
      html: "<b>a private word</b>",
      attachments: [{ filename: "a.txt", content_type: "text/plain", content: "YQ==" }],
    });
    expect(await test.mail(one)).toMatchObject({
      messages: [
        {
          from: "Ann <ann@outside.example>",
          text: "a private word",
          html: "<b>a private word</b>",
          labels: ["received", "unread"],
          attachments: [{ filename: "a.txt", content: "YQ==", size: 1 }],
        },
      ],
    });
    expect(test.double.state().inboxes[0]).toMatchObject({ messages: 1, unread: 1 });
    expect(JSON.stringify(test.double.state())).not.toMatch(/private|ann@/);
    await expect(test.receive({ inboxId: "nobody@agentmail.to" })).rejects.toThrow("404");
  });

  it("is filtered: spam is listed only when asked for", async () => {
    await test.receive({ inboxId: one, verdict: "spam" });
    await test.receive({ inboxId: one, subject: "wanted" });
    expect((await messages().list(one)).messages.map(({ subject }) => subject)).toEqual(["wanted"]);
    expect((await messages().list(one, { includeSpam: true })).messages).toHaveLength(2);
    expect((await messages().list(one, { from: ["ann@"], subject: ["WANT"] })).messages).toHaveLength(1);
    expect((await messages().list(one, { before: new Date(0) })).messages).toEqual([]);
  });
});

describe("sending", () => {
  const letter = { to: "ann@outside.example", subject: "x", text: "y" };

  it("is refused with 404 by an inbox less than two seconds old", async () => {
    await test.set({ sendSettleMs: 2_000 });
    const fresh = await test.inbox("fresh");
    await expect(messages().send(fresh, letter)).rejects.toBeInstanceOf(AgentMail.NotFoundError);
    expect((await messages().list(fresh)).messages).toEqual([]);
    await test.advance(2_000);
    await messages().send(fresh, letter);
    expect((await messages().list(fresh)).messages).toHaveLength(1);
  });

  it("happens once per Idempotency-Key, for a day", async () => {
    const idempotencyKey = "cv-test-1";
    const first = await messages().send(one, letter, { idempotencyKey });
    expect(await messages().send(one, letter, { idempotencyKey })).toEqual(first);
    await expect(messages().send(one, { ...letter, text: "z" }, { idempotencyKey })).rejects.toBeInstanceOf(
      AgentMail.ConflictError,
    );
    // The key is the organisation's: another inbox is another request under the same key.
    await expect(messages().send(two, letter, { idempotencyKey })).rejects.toMatchObject(
      code(409, "conflict"),
    );
    expect((await messages().list(one)).messages).toHaveLength(1);
    await test.advance(24 * 3_600_000);
    await messages().send(one, letter, { idempotencyKey });
    expect((await messages().list(one)).messages).toHaveLength(2);
  });

  it("is a second mail without the key, and the same one after an answer that was lost", async () => {
    const idempotencyKey = "cv-test-1";
    test.double.faults.add({ match: { path: "/send$" }, position: "after", fault: { kind: "reset" } });
    await expect(messages().send(one, letter, { idempotencyKey })).rejects.toThrow();
    await messages().send(one, letter, { idempotencyKey });
    expect((await messages().list(one)).messages).toHaveLength(1);
    await messages().send(one, letter);
    expect((await messages().list(one)).messages).toHaveLength(2);
  });

  it("refuses an empty key, and one whose first request is still running", async () => {
    await expect(messages().send(one, letter, { headers: { "Idempotency-Key": " " } })).rejects.toMatchObject(
      code(400, "validation_error"),
    );
    const fault = { kind: "provider", name: "idempotencyInProgress" };
    test.double.faults.add({ match: { path: "/send$" }, fault });
    await expect(messages().send(one, letter, { idempotencyKey: "k" })).rejects.toMatchObject(
      code(409, "conflict"),
    );
    expect((await messages().list(one)).messages).toEqual([]);
  });

  it.each([
    ["no recipient", { subject: "x" }, 400],
    ["a recipient that is no address", { to: "ann" }, 400],
    ["an attachment by address", { to: "a@b.example", attachments: [{ url: "https://a.example/b" }] }, 400],
    ["a body above six megabytes", { to: "a@b.example", text: "x".repeat(6 * 1024 * 1024) }, 413],
  ])("refuses %s", async (_name, body, statusCode) => {
    await expect(messages().send(one, body)).rejects.toMatchObject({ statusCode });
    expect((await messages().list(one)).messages).toEqual([]);
  });
});
