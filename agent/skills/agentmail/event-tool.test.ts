import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aMandate } from "../kit/testing.ts";
import { invitationIn, openTestMailbox, type ParsedInvitation, type TestMailbox } from "./testing/mailbox.ts";

const ANN = "ann@outside.example";
const BOB = "bob@outside.example";
const MEETING = {
  action: "create",
  title: "Planning",
  start: "2026-03-30T09:30",
  end: "2026-03-30T10:15",
  timezone: "Europe/Berlin",
  attendees: [ANN],
};

let box: TestMailbox;
beforeEach(async () => {
  box = await openTestMailbox();
});
afterEach(() => box.close());

const event = (params: object, overrides = {}): Promise<string> => box.use("email_event", params, overrides);
const idIn = (text: string): string => /Event id: (\S+)/.exec(text)?.[1] ?? "";
const last = async (): Promise<ParsedInvitation> => invitationIn((await box.sent()).at(-1));
const startOf = (parsed: ParsedInvitation): string => parsed.event.startDate.toJSDate().toISOString();
const endOf = (parsed: ParsedInvitation): string => parsed.event.endDate.toJSDate().toISOString();

describe("an invitation", () => {
  it("is one that readers of mail know as such (RFC 5545, 5546, 6047)", async () => {
    await event({ ...MEETING, location: "Room 4, left", description: "Bring: a pen;\nand paper" });
    const [mail] = await box.sent();
    expect(mail?.to).toEqual([ANN]);
    expect(mail?.subject).toBe("Invitation: Planning");
    expect(mail?.text).toContain("Monday, 30 March 2026, 09:30 to 10:15");
    expect(mail?.attachments[0]).toMatchObject({
      filename: "invite.ics",
      content_type: "text/calendar; method=REQUEST; charset=utf-8",
    });
    const { ics, calendar, event: parsed, value } = await last();
    expect(calendar.getFirstPropertyValue("method")).toBe("REQUEST");
    expect(calendar.getFirstPropertyValue("version")).toBe("2.0");
    expect(calendar.getFirstPropertyValue("prodid")).toBeTruthy();
    expect(parsed).toMatchObject({
      summary: "Planning",
      location: "Room 4, left",
      description: "Bring: a pen;\nand paper",
      organizer: `mailto:${box.address}`,
      sequence: 0,
    });
    expect(parsed.uid).toMatch(/^event-[0-9a-f]{20}@agentmail\.to$/);
    const [attendee] = parsed.attendees;
    expect(attendee?.getFirstValue()).toBe(`mailto:${ANN}`);
    expect(attendee?.getFirstParameter("rsvp")).toBe("TRUE");
    expect(attendee?.getFirstParameter("partstat")).toBe("NEEDS-ACTION");
    expect(attendee?.getFirstParameter("role")).toBe("REQ-PARTICIPANT");
    expect(value("status")).toBe("CONFIRMED");
    expect(Math.abs(Date.parse(value("dtstamp")) - Date.now())).toBeLessThan(60_000);
    expect(value("dtstamp")).toMatch(/Z$/);
    // 09:30 in Berlin, the day after the clocks were set forward.
    expect([startOf(await last()), endOf(await last())]).toEqual([
      "2026-03-30T07:30:00.000Z",
      "2026-03-30T08:15:00.000Z",
    ]);
    expect(ics.endsWith("\r\n")).toBe(true);
    expect(ics.split("\r\n").every((line) => Buffer.byteLength(line) <= 75 && !/[\r\n]/.test(line))).toBe(
      true,
    );
  });

  it.each([
    // Before and after the clocks are set forward, over it, and over the hour that comes twice.
    ["2026-03-28T09:00", "2026-03-28T10:00", "2026-03-28T08:00:00.000Z", "2026-03-28T09:00:00.000Z"],
    ["2026-03-29T01:30", "2026-03-29T03:30", "2026-03-29T00:30:00.000Z", "2026-03-29T01:30:00.000Z"],
    ["2026-10-25T01:00", "2026-10-25T04:00", "2026-10-24T23:00:00.000Z", "2026-10-25T03:00:00.000Z"],
  ])("from %s to %s in Berlin is at the right instants", async (start, end, startUtc, endUtc) => {
    await event({ ...MEETING, start, end });
    const parsed = await last();
    expect([startOf(parsed), endOf(parsed)]).toEqual([startUtc, endUtc]);
  });

  it("to an hour that comes twice means the first, and says so", async () => {
    const said = await event({ ...MEETING, start: "2026-10-25T02:30", end: "2026-10-25T03:30" });
    expect(said).toContain("the clocks are set back that day, the first time is meant");
    expect((await last()).ics).toContain("DTSTART;TZID=Europe/Berlin:20261025T023000\r\n");
  });

  it("for whole days has dates, ends on the day after the last, and blocks no time", async () => {
    await event({ ...MEETING, start: "2026-03-28", end: "2026-03-29", timezone: undefined });
    const { ics, event: parsed, value } = await last();
    expect(parsed.startDate.isDate && parsed.endDate.isDate).toBe(true);
    expect([String(parsed.startDate), String(parsed.endDate)]).toEqual(["2026-03-28", "2026-03-30"]);
    expect(value("transp")).toBe("TRANSPARENT");
    expect(ics).not.toContain("VTIMEZONE");
  });

  it("in UTC needs no zone, and one without an end takes an hour", async () => {
    await event({ ...MEETING, end: undefined, timezone: "UTC" });
    const parsed = await last();
    expect(parsed.ics).toContain("DTSTART:20260330T093000Z\r\n");
    expect(parsed.ics).not.toContain("VTIMEZONE");
    expect(endOf(parsed)).toBe("2026-03-30T10:30:00.000Z");
  });

  it("that is repeated stays at its local time over a change of the clocks", async () => {
    const repeat = "FREQ=WEEKLY;BYDAY=MO;UNTIL=2026-04-06";
    await event({ ...MEETING, start: "2026-03-23T09:00", end: "2026-03-23T10:00", repeat });
    const parsed = await last();
    const iterator = parsed.event.iterator();
    const starts = Array.from({ length: 4 }, () => iterator.next()).flatMap((time) => time ?? []);
    expect(starts.map((time) => time.toJSDate().toISOString())).toEqual([
      "2026-03-23T08:00:00.000Z",
      "2026-03-30T07:00:00.000Z",
      "2026-04-06T07:00:00.000Z",
    ]);
    expect(parsed.ics).toContain("UNTIL=20260406T215959Z");
  });

  it("takes the zone of whoever asks when none is said, and asks for it when there is none", async () => {
    const { timezone, ...meeting } = MEETING;
    await event(meeting);
    expect(startOf(await last())).toBe("2026-03-30T07:30:00.000Z");
    await expect(event(meeting, { asker: undefined })).rejects.toThrow(
      /time zone is not known: ask the person/,
    );
    expect(timezone).toBe("Europe/Berlin");
  });

  it("keeps hostile words inside of their property", async () => {
    const hostile = 'Lunch\r\nATTENDEE:mailto:eve@evil.example\nBEGIN:VALARM,;:\\n"x"\u2028END:VEVENT\u0000';
    const description = `${hostile}\u0085${"𝒳ä".repeat(300)}\ud800`;
    await event({ ...MEETING, title: hostile, location: hostile, description });
    const { ics, calendar, event: parsed } = await last();
    expect(parsed.attendees.map((one) => one.getFirstValue())).toEqual([`mailto:${ANN}`]);
    expect(calendar.getFirstSubcomponent("vevent")?.getAllSubcomponents()).toEqual([]);
    expect(parsed.summary).toBe('Lunch ATTENDEE:mailto:eve@evil.example BEGIN:VALARM,;:\\n"x" END:VEVENT');
    expect(parsed.description).toContain('\nBEGIN:VALARM,;:\\n"x"\nEND:VEVENT\n𝒳ä𝒳ä');
    expect(ics.split("\r\n").every((line) => Buffer.byteLength(line) <= 75)).toBe(true);
    const [mail] = await box.sent();
    expect(mail?.subject).not.toMatch(/\p{Cc}/u);
  });
});

describe("an event", () => {
  it("is changed and cancelled under the same id, with a rising sequence, at its new zone", async () => {
    const id = idIn(await event({ ...MEETING, attendees: [ANN, BOB], repeat: "FREQ=DAILY;COUNT=3" }));
    const first = await last();
    await event({ action: "update", id, timezone: "America/New_York" });
    const moved = await last();
    expect(startOf(moved)).toBe("2026-03-30T13:30:00.000Z");
    expect(endOf(moved)).toBe("2026-03-30T14:15:00.000Z");
    expect(moved.ics).toContain("TZID:America/New_York");
    await event({ action: "update", id, start: "2026-04-01T16:00" });
    const later = await last();
    expect([startOf(later), endOf(later)]).toEqual(["2026-04-01T20:00:00.000Z", "2026-04-01T20:45:00.000Z"]);
    expect(later.value("rrule")).toBe("FREQ=DAILY;COUNT=3");
    expect(await event({ action: "list" })).toContain(
      `${id}: Planning; Wednesday, 1 April 2026, 16:00 to 16:45`,
    );

    await event({ action: "cancel", id });
    const cancelled = await last();
    const all = [first, moved, later, cancelled];
    expect(all.map(({ event: { uid } }) => uid)).toEqual([id, id, id, id]);
    expect(all.map(({ event: { sequence } }) => sequence)).toEqual([0, 1, 2, 3]);
    expect(all.map(({ value }) => value("organizer"))).toEqual(Array(4).fill(`mailto:${box.address}`));
    expect(cancelled.calendar.getFirstPropertyValue("method")).toBe("CANCEL");
    expect(cancelled.value("status")).toBe("CANCELLED");
    expect(cancelled.event.attendees).toHaveLength(2);
    const mail = (await box.sent()).at(-1);
    expect(mail?.to).toEqual([ANN, BOB]);
    expect(mail?.attachments[0]?.content_type).toBe("text/calendar; method=CANCEL; charset=utf-8");
    await expect(event({ action: "update", id, title: "Again" })).rejects.toThrow(/no such event/);
    await expect(event({ action: "cancel", id: "nothing" })).rejects.toThrow(/no such event/);
  });

  it("is cancelled for whoever is no longer invited, and for nobody else", async () => {
    const id = idIn(await event({ ...MEETING, attendees: [ANN, BOB] }));
    expect(await event({ action: "update", id, attendees: [BOB] })).toContain(`No longer invited: ${ANN}.`);
    const [, update, gone] = await box.sent();
    expect(update?.to).toEqual([BOB]);
    expect(gone?.to).toEqual([ANN]);
    const parsed = invitationIn(gone);
    expect(parsed.calendar.getFirstPropertyValue("method")).toBe("CANCEL");
    expect(parsed.event).toMatchObject({ uid: id, sequence: 1 });
    expect(parsed.event.attendees.map((one) => one.getFirstValue())).toEqual([`mailto:${ANN}`]);
  });

  it("may become one of whole days and back", async () => {
    const id = idIn(await event(MEETING));
    await event({ action: "update", id, start: "2026-05-01" });
    expect((await last()).ics).toContain("DTEND;VALUE=DATE:20260502");
    await event({ action: "update", id, start: "2026-05-01T09:00", timezone: "Asia/Kolkata" });
    expect(startOf(await last())).toBe("2026-05-01T03:30:00.000Z");
    expect(endOf(await last())).toBe("2026-05-01T04:30:00.000Z");
  });
});

it.each([
  [{ title: " \n" }, /needs a title/],
  [{ start: undefined }, /needs a start/],
  [{ start: "tomorrow at nine" }, /start is not a time/],
  [{ start: "2026-03-30T09:30:00Z" }, /without an offset/],
  [{ end: "2026-03-31" }, /end is not a time of the kind/],
  [{ end: "2026-03-30T09:30" }, /ends before it starts/],
  [{ end: "2028-03-30T09:30" }, /longer than a year/],
  [{ start: "2026-03-29T02:30" }, /does not exist: the clocks in Europe\/Berlin are set forward/],
  [{ timezone: "CEST/Summer" }, /no time zone/],
  [{ attendees: [] }, /Somebody has to be invited/],
  [{ attendees: ["ann@x.example\r\nBcc: eve@evil.example"] }, /not a mail address/],
  [{ attendees: Array.from({ length: 21 }, (_, nth) => `a${nth}@x.example`) }, /At most 20 people/],
  [{ repeat: "FREQ=SECONDLY" }, /not valid at "FREQ=SECONDLY"/],
  [{ repeat: "FREQ=DAILY;COUNT=2;UNTIL=20260501" }, /not by both/],
  [{ repeat: "FREQ=DAILY\r\nATTENDEE:mailto:eve@evil.example" }, /not valid at/],
  [{ repeat: "FREQ=WEEKLY;BYDAY=TU" }, /not one of the days of the repetition/],
  [{ repeat: "FREQ=MONTHLY;BYDAY=1MO" }, /not one of the days/],
  [{ repeat: "FREQ=WEEKLY;BYDAY=1MO" }, /goes with FREQ=MONTHLY/],
  [{ repeat: "FREQ=WEEKLY;BYMONTHDAY=30" }, /BYMONTHDAY does not go/],
  [{ repeat: "FREQ=DAILY;UNTIL=2026-03-01" }, /no day from the start on/],
])("refuses %j with a sentence, and sends nothing", async (change, sentence) => {
  await expect(event({ ...MEETING, ...change })).rejects.toThrow(sentence);
  expect(await box.sent()).toEqual([]);
  expect(box.events.size).toBe(0);
});

it.each([
  "FREQ=MONTHLY;BYDAY=5MO",
  "FREQ=MONTHLY;BYDAY=-1MO",
  "FREQ=MONTHLY;BYMONTHDAY=-2",
  "FREQ=YEARLY",
  "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;WKST=MO",
])("takes the repetition %s", async (repeat) => {
  await event({ ...MEETING, repeat });
  expect((await last()).event.isRecurring()).toBe(true);
});

describe("a person's word", () => {
  it("is needed for everybody who is written to", async () => {
    const named = aMandate({ named: [ANN] });
    await expect(event({ ...MEETING, attendees: [ANN, BOB] }, { mandate: named })).rejects.toThrow(/named/);
    await expect(event(MEETING, { mandate: aMandate({ hasPerson: false }) })).rejects.toThrow();
    expect(await box.sent()).toEqual([]);
    expect(box.events.size).toBe(0);
  });
});

describe("when the mail service fails", () => {
  const fault = (how: object): void => box.test.double.faults.add({ match: { path: "/send$" }, ...how });

  it("sends the same bytes once when the same call is repeated after an unclear answer", async () => {
    fault({ fault: { kind: "reset" }, position: "after" });
    const call = { callId: "the-call" };
    await expect(event(MEETING, call)).rejects.toThrow(/not known whether the mail went out/);
    expect(await event({ action: "list" })).toContain("not known whether the last change was sent");
    expect(await event(MEETING, call)).toContain("Invited");
    expect(await event(MEETING, call)).toContain("Invited");
    expect(await box.sent()).toHaveLength(1);
    expect(await event({ action: "list" })).not.toContain("not known");
  });

  it("keeps the event as it was when the change was certainly not sent", async () => {
    const id = idIn(await event(MEETING));
    fault({ fault: { kind: "429", retryAfterSeconds: 7 } });
    await expect(event({ action: "update", id, start: "2026-04-01T09:00" })).rejects.toThrow(
      /Nothing was sent.*7 seconds/,
    );
    expect(await event({ action: "list" })).toContain("30 March");
    fault({ fault: { kind: "429" } });
    await expect(event({ ...MEETING, title: "Other" })).rejects.toThrow(/Nothing was sent/);
    expect(box.events.size).toBe(1);
    await event({ action: "update", id, title: "Planning 2" });
    expect((await last()).event.sequence).toBe(1);
  });

  it("says who may not know that they are no longer invited, and completes it when repeated", async () => {
    const id = idIn(await event({ ...MEETING, attendees: [ANN, BOB] }));
    fault({ fault: { kind: "429" }, nth: 2 });
    const change = { action: "update", id, attendees: [BOB] };
    const call = { callId: "the-change" };
    await expect(event(change, call)).rejects.toThrow(
      /The change was sent, but ann@outside.example may not know/,
    );
    await event(change, call);
    expect((await box.sent()).map(({ to }) => to)).toEqual([[ANN, BOB], [BOB], [ANN]]);
  });
});
