import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { htmlText } from "./html-text.ts";
import { safeName } from "./incoming-files.ts";
import { openTestMailbox, type TestMailbox } from "./testing/mailbox.ts";

let box: TestMailbox;
beforeEach(async () => {
  box = await openTestMailbox();
});
afterEach(() => box.close());

const read = (params: object): Promise<string> => box.use("email_read", params);
const base64 = (content: string | Uint8Array): string => Buffer.from(content).toString("base64");
const attached = (filename: string, content: string | Uint8Array, content_type = "text/calendar") => ({
  attachments: [{ filename, content_type, content: base64(content) }],
});

describe("the mailbox", () => {
  it("is listed newest first, by label, sender and page, and a mail that is read is unread no more", async () => {
    const one = await box.receive({ subject: "One", text: "First words\nof many" });
    const two = await box.receive({ subject: "Two\nFrom: x", from: "Bob <bob@outside.example>" });
    const all = await read({ action: "list" });
    expect(all.indexOf(two)).toBeLessThan(all.indexOf(one));
    expect(all).toContain("Two From: x [unread]");
    expect(all).toContain("First words of many");
    expect(await read({ action: "list", from: "bob@" })).not.toContain(one);

    await read({ action: "read", id: one });
    const unread = await read({ action: "list", label: "unread" });
    expect(unread).toContain(two);
    expect(unread).not.toContain(one);
    expect(await read({ action: "list", label: "sent" })).toContain("There is no such mail.");

    await box.test.set({ maxPageSize: 1 });
    const page = /page (\S+)/.exec(await read({ action: "list" }))?.[1];
    expect(await read({ action: "list", page })).toContain(one);
  });

  it("gives a mail without what it quotes, in parts when it is long, as foreign words", async () => {
    const id = await box.receive({
      ...{ from: "Ann <ann@outside.example>", subject: "Re: Plan" },
      text: `${"long ".repeat(5_000)}end\n\nOn Monday you wrote:\n> the plan`,
    });
    const result = await box.tool("email_read").run({ action: "read", id }, box.workspace.call());
    expect(result.isForeign).toBe(true);
    expect(result.text).toContain("From: Ann <ann@outside.example>");
    expect(result.text).not.toContain("> the plan");
    expect(result.text).toMatch(/9003 more characters: read again with offset 16000\]$/);
    const rest = await read({ action: "read", id, offset: 16_000 });
    expect(rest).toContain("long end");
    expect(rest).not.toContain("more characters");
  });

  it("gives the words of a mail that is only formatted", async () => {
    const html =
      "<html><head><title>No</title></head><body><p>Hello&nbsp;<b>Ann</b></p><script>x<y</script>Bye</body>";
    const id = await box.receive({ text: "", html });
    expect(await read({ action: "read", id })).toMatch(/Hello Ann\nBye$/);
  });

  it("says so when there is no such mail, or no id", async () => {
    await expect(read({ action: "read", id: "<none@x>" })).rejects.toThrow(/nothing with that id/);
    await expect(read({ action: "read" })).rejects.toThrow(/Give the id/);
  });

  it("says so when the mail service does not answer, or only by half", async () => {
    for (const kind of ["reset", "html", "truncatedJson"]) {
      box.test.double.faults.add({ match: { method: "GET" }, fault: { kind } });
      await expect(read({ action: "list" })).rejects.toThrow(/does not answer; try again/);
    }
  });

  it("tells a mail also when it cannot be marked as read", async () => {
    const id = await box.receive({ text: "Hello" });
    box.test.double.faults.add({ match: { method: "PATCH" }, fault: { kind: "429" } });
    expect(await read({ action: "read", id })).toMatch(/Hello\n\[it could not be marked as read/);
  });
});

const INVITATION = [
  ...["BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REPLY", "PRODID:-//x//y//EN", "BEGIN:VEVENT"],
  ...["UID:abc@x.example", "DTSTAMP:20260101T000000Z", "SUMMARY:Lunch\\, at noon"],
  ...["DTSTART:20260330T100000Z", "DURATION:PT1H", "ORGANIZER:mailto:me@x.example"],
  ...["ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@outside.example", "END:VEVENT", "END:VCALENDAR", ""],
].join("\r\n");

describe("an attachment", () => {
  it("is listed, and saved under a harmless name", async () => {
    const id = await box.receive(
      attached("../../etc/.pass\u202ewd\n.txt", Uint8Array.from([1, 0, 255]), "x/y"),
    );
    expect(await read({ action: "read", id })).toContain("Attachment 1: ../../etc/.pass");
    expect(await read({ action: "save_attachment", id })).toBe("Saved as mail/pass_wd_.txt (3 bytes)");
    expect([...(await readFile(join(box.workspace.dir, "mail/pass_wd_.txt")))]).toEqual([1, 0, 255]);
    await expect(read({ action: "save_attachment", id, attachment: 2 })).rejects.toThrow(/no number 2/);
  });

  it("that is an invitation is told in words", async () => {
    const id = await box.receive(attached("invite.ics", INVITATION));
    const said = await read({ action: "read", id });
    expect(said).toContain("Event: Lunch, at noon");
    expect(said).toContain("When: 2026-03-30T10:00:00Z UTC to 2026-03-30T11:00:00Z UTC");
    expect(said).toContain("Invited: ann@outside.example (accepted)");
    expect(said).toContain("Kind: REPLY");
    expect(await read({ action: "save_attachment", id })).toMatch(
      /^Saved as mail\/invite.ics .*\nEvent: Lunch/,
    );
  });

  it.each([
    ["cut off", INVITATION.slice(0, 150)],
    ["no calendar", "Dear all, come to lunch"],
    ["empty", ""],
    ["binary", Uint8Array.from({ length: 500 }, (_, nth) => nth % 256)],
    ["without an event", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"],
    ["with a time that is none", INVITATION.replace("20260330T100000Z", "tomorrow")],
  ])("that is a malformed invitation (%s) is told in one sentence, and the mail is read", async (_, ics) => {
    const id = await box.receive({ ...attached("invite.ics", ics), text: "Please come" });
    const said = await read({ action: "read", id });
    expect(said).toMatch(/malformed and cannot be read|holds no (?:event|calendar)/);
    expect(said).toContain("Please come");
    expect(await read({ action: "save_attachment", id })).toContain("Saved as mail/invite.ics");
  });

  it("that is too large for an invitation is not read as one", async () => {
    const id = await box.receive(attached("invite.ics", `${INVITATION}${"X".repeat(256_000)}`));
    expect(await read({ action: "read", id })).toContain("larger than 256 kB");
  });

  it("whose address does not answer is told of", async () => {
    const id = await box.receive(attached("a.txt", "x", "text/plain"));
    box.test.double.faults.add({ match: { path: "^/downloads/" }, fault: { kind: "reset" } });
    await expect(read({ action: "save_attachment", id })).rejects.toThrow(/does not come; try again/);
  });
});

it("makes names that lead nowhere", () => {
  expect(safeName(undefined)).toBe("attachment");
  expect(safeName("..")).toBe("attachment");
  expect(safeName("C:\\Users\\x\\plan.docx")).toBe("plan.docx");
  expect(safeName(`${"a".repeat(300)}.pdf`)).toHaveLength(100);
});

it("reads hostile formatting in time that grows with its length", () => {
  const startedMs = performance.now();
  for (const piece of ["<", "<!--", "<style>", "&#x", "<p", "</", "&amp;", "<script><style>"])
    expect(typeof htmlText(piece.repeat(100_000))).toBe("string");
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  expect(htmlText("a<!-- > --><br>b&#0;&#x110000;&#65;&bogus;&lt;")).toBe("a\nb  A&bogus;<");
});
