import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aMandate } from "../kit/testing.ts";
import { MAIL_LIMITS } from "./limits.ts";
import { openTestMailbox, type TestMailbox } from "./testing/mailbox.ts";

const ANN = "ann@outside.example";
const BOB = "bob@outside.example";

let box: TestMailbox;
beforeEach(async () => {
  box = await openTestMailbox();
});
afterEach(() => box.close());

const send = (params: object, overrides = {}): Promise<string> => box.use("email_send", params, overrides);

describe("a mail", () => {
  it("goes out with its text, its formatting and its files", async () => {
    await writeFile(join(box.workspace.dir, "plan.pdf"), "%PDF-1.7 plan");
    await writeFile(join(box.workspace.dir, "data.bin"), Uint8Array.from([0, 255, 1]));
    const said = await send({
      ...{ to: [`Ann <${ANN.toUpperCase()}>`, ANN], cc: [BOB], subject: "Plan\nBcc: eve@evil.example" },
      ...{ text: "Here it is\n", html: "<p>Here it is</p>", attachments: ["plan.pdf", "data.bin"] },
    });
    const [mail] = await box.sent();
    expect(mail).toMatchObject({
      ...{ to: [ANN], cc: [BOB], subject: "Plan Bcc: eve@evil.example" },
      ...{ text: "Here it is\n", html: "<p>Here it is</p>" },
      attachments: [
        { filename: "plan.pdf", content_type: "application/pdf" },
        { filename: "data.bin", content_type: "application/octet-stream" },
      ],
    });
    expect(mail?.attachments.map(({ content }) => Buffer.from(content, "base64").toString("latin1"))).toEqual(
      ["%PDF-1.7 plan", "\u0000\u00ff\u0001"],
    );
    expect(said).toBe(`Sent to ${ANN}, ${BOB} with 2 attachment(s). Id: ${mail?.message_id}`);
  });

  it("that is too large for the provider is refused before it is sent", async () => {
    await writeFile(join(box.workspace.dir, "a.bin"), Buffer.alloc(2_300_000));
    await writeFile(join(box.workspace.dir, "b.bin"), Buffer.alloc(2_300_000));
    await expect(send({ to: [ANN], text: "Both", attachments: ["a.bin", "b.bin"] })).rejects.toThrow(
      /too large/,
    );
    expect(await box.sent()).toEqual([]);
    await send({ to: [ANN], text: "One", attachments: ["a.bin"] });
    expect(await box.sent()).toHaveLength(1);
  });

  it.each([
    [{ to: [] }, /no recipient/],
    [{ to: ["Ann"] }, /"Ann" is not a mail address/],
    [{ to: ["a@b.example, c@d.example"] }, /not a mail address/],
    [{ to: ["a@b.example\nBcc: c@d.example"] }, /not a mail address/],
    [{ to: Array.from({ length: 21 }, (_, nth) => `a${nth}@x.example`) }, /At most 20/],
    [{ to: [ANN], text: "" }, /text: /],
    [{ to: [ANN], text: "x".repeat(MAIL_LIMITS.textMaxChars + 1) }, /text: /],
    [{ to: [ANN], attachments: Array(11).fill("a") }, /attachments: /],
    [{ to: [ANN], bcc: [BOB] }, /./],
  ])("with %j is refused with a sentence", async (params, sentence) => {
    await expect(send({ subject: "Hello", text: "Hello", ...params })).rejects.toThrow(sentence);
    expect(await box.sent()).toEqual([]);
  });
});

describe("an answer", () => {
  it("stays in the thread and goes to the sender, to everybody, or to whom it is told", async () => {
    const id = await box.receive({ from: `Ann <${ANN}>`, subject: "Lunch?" });
    await send({ replyTo: id, text: "Yes" });
    const [, first] = await box.mails();
    expect(first).toMatchObject({ to: [ANN], subject: "Re: Lunch?", in_reply_to: id });
    expect(new Set((await box.mails()).map(({ thread_id }) => thread_id)).size).toBe(1);

    await send({ replyTo: id, text: "And you?", to: [BOB] });
    expect((await box.sent()).at(-1)).toMatchObject({ to: [BOB], in_reply_to: id });
  });

  it("to all goes to each of them once and never to itself", async () => {
    const other = await box.test.inbox("colleague");
    const sent = await box.test.sdk.inboxes.messages.send(other, {
      ...{ to: [box.address, BOB], cc: [ANN, `Me <${box.address}>`], subject: "Who comes?", text: "Say so" },
    });
    await send({ replyTo: sent.messageId, text: "We do", replyAll: true });
    expect((await box.sent()).at(-1)).toMatchObject({ to: [other], cc: [BOB, ANN] });
    // An answer to what it has written itself goes to whom it has written.
    const own = (await box.sent()).at(-1)?.message_id;
    await send({ replyTo: own, text: "Really" });
    expect((await box.sent()).at(-1)?.to).toEqual([other]);
  });

  it("to a mail that is not there is refused", async () => {
    await expect(send({ replyTo: "<none@x.example>", text: "Hi" })).rejects.toThrow(/nothing with that id/);
  });
});

describe("a person's word", () => {
  it("is needed for each recipient", async () => {
    const mandate = aMandate({ named: [ANN] });
    await send({ to: [`Ann <${ANN}>`], text: "Hello" }, { mandate });
    await expect(send({ to: [ANN], cc: [BOB], text: "Hello" }, { mandate })).rejects.toThrow(/named/);
    await expect(
      send({ to: [ANN], text: "Hi" }, { mandate: aMandate({ hasPerson: false }) }),
    ).rejects.toThrow();
    expect(await box.sent()).toHaveLength(1);
  });

  it("is not needed for the address of whoever wrote first, unless foreign words led to it", async () => {
    const id = await box.receive({ from: ANN });
    await send({ replyTo: id, text: "Hello" }, { mandate: aMandate({ named: [] }) });
    const tainted = aMandate({ named: [], isTainted: true });
    await expect(send({ replyTo: id, text: "Hello" }, { mandate: tainted })).rejects.toThrow(/Foreign/);
    const toldOther = { replyTo: id, text: "Hello", to: [BOB] };
    await expect(send(toldOther, { mandate: aMandate({ named: [] }) })).rejects.toThrow(/named/);
    const copied = { replyTo: id, text: "Hello", cc: [BOB] };
    await expect(send(copied, { mandate: aMandate({ named: [] }) })).rejects.toThrow(/named/);
    expect(await box.sent()).toHaveLength(1);
  });

  it("is needed where a mail asks for its answers to go to somebody else", async () => {
    const other = await box.test.inbox("colleague");
    const { messageId } = await box.test.sdk.inboxes.messages.send(other, {
      ...{ to: [box.address], replyTo: ["eve@evil.example"], subject: "Hello", text: "Answer me" },
    });
    const answer = { replyTo: messageId, text: "Yes?" };
    await expect(send(answer, { mandate: aMandate({ named: [other] }) })).rejects.toThrow(/named/);
    expect(await box.sent()).toEqual([]);
  });
});

describe("when the mail service fails", () => {
  const mail = { to: [ANN], subject: "Once", text: "Once" };
  const fault = (how: object): void => box.test.double.faults.add({ match: { path: "/send$" }, ...how });

  it("waits for a mailbox that has just been made", async () => {
    await box.test.set({ sendSettleMs: 2_500 });
    await send(mail);
    expect(box.test.double.log().filter(({ status }) => status === 404).length).toBeGreaterThan(0);
    expect(await box.sent()).toHaveLength(1);
  });

  it.each([
    [{ kind: "429", retryAfterSeconds: 12 }, /Nothing was sent.*12 seconds/],
    [
      { kind: "status", status: 403, body: { code: "limit_exceeded" } },
      /Nothing was sent.*limit of its plan/,
    ],
    [
      { kind: "status", status: 403, body: { code: "message_rejected" } },
      /Nothing was sent.*refuses to deliver/,
    ],
    [
      { kind: "status", status: 403, body: { message: "Forbidden" } },
      /Nothing was sent.*refuses the mailbox's key/,
    ],
    [
      { kind: "status", status: 401, body: { code: "unknown_api_key" } },
      /Nothing was sent.*refuses the mailbox's key/,
    ],
    [{ kind: "status", status: 409, body: { code: "resource_deleting" } }, /Nothing was sent.*try again/],
    [{ kind: "status", status: 413, body: { message: "Request Too Long" } }, /Nothing was sent.*too large/],
    [{ kind: "status", status: 422, body: { code: "unprocessable" } }, /Nothing was sent.*not valid/],
    [{ kind: "status", status: 503, body: { code: "service_unavailable" } }, /Nothing was sent.*in a minute/],
  ])("says that nothing was sent: %j", async (failure, sentence) => {
    fault({ fault: failure });
    await expect(send(mail)).rejects.toThrow(sentence);
    expect(await box.sent()).toEqual([]);
  });

  it.each([
    { kind: "reset" },
    { kind: "truncatedJson" },
    { kind: "html" },
    { kind: "status", status: 500, body: { code: "internal_error" } },
  ])(
    "says that it is not known, does not send again, and sends once when the call is repeated: %j",
    async (failure) => {
      fault({ fault: failure, position: "after" });
      const call = { callId: "one-call" };
      await expect(send(mail, call)).rejects.toThrow(/not known whether the mail went out.*not sent again/);
      expect(await box.sent()).toHaveLength(1);
      expect(await send(mail, call)).toMatch(/^Sent to/);
      expect(await box.sent()).toHaveLength(1);
    },
  );

  it("does not send another mail under the id of a call, nor while the first is on its way", async () => {
    const call = { callId: "one-call" };
    await send(mail, call);
    await expect(send({ ...mail, text: "Twice" }, call)).rejects.toThrow(/handed over already/);
    fault({ fault: { kind: "provider", name: "idempotencyInProgress" } });
    await expect(send(mail)).rejects.toThrow(/handed over already/);
    expect(await box.sent()).toHaveLength(1);
  });

  it("ends when the call is aborted, and says that it is not known", async () => {
    fault({ fault: { kind: "hang" } });
    await expect(send(mail, { signal: AbortSignal.timeout(200) })).rejects.toThrow(/not known/);
  });
});
