import type { AgentMail } from "agentmail";
import { type EventTime, timeOfEvent } from "./event-draft.ts";
import type { CalendarEvent } from "./event-store.ts";
import { INVITATION_FILENAME, type Invitation, invitationType, writeInvitation } from "./ics/invitation.ts";
import { recurrenceRule } from "./ics/recurrence.ts";
import { instantsOf } from "./ics/zone-time.ts";

const DAY_MS = 86_400_000;

/** The mail that tells of an event: words for people, the iCalendar object for their calendars. */
export function eventMail(
  event: CalendarEvent,
  organizer: string,
  method: Invitation["method"],
  attendees: readonly string[],
): AgentMail.SendMessageRequest {
  const time = timeOfEvent(event);
  const { uid, sequence, stampMs, title, location, description, repeat } = event;
  const ics = writeInvitation({
    ...{ method, uid, sequence, stampMs, title, location, description, organizer, attendees },
    ...time,
    repeat: repeat === "" ? "" : recurrenceRule(repeat, time.startMs, time.zone),
  });
  const kind = method === "CANCEL" ? "Cancelled" : sequence === 0 ? "Invitation" : "Updated invitation";
  return {
    to: [...attendees],
    subject: `${kind}: ${title}`,
    text: [
      `${kind}: ${title}`,
      `When: ${describeTime(time)}${repeat === "" ? "" : ", repeated"}`,
      ...(location === "" ? [] : [`Where: ${location}`]),
      ...(description === "" ? [] : ["", description]),
    ].join("\n"),
    attachments: [
      {
        filename: INVITATION_FILENAME,
        contentType: invitationType(method),
        contentDisposition: "attachment",
        content: Buffer.from(ics).toString("base64"),
      },
    ],
  };
}

/** `Sunday, 29 March 2026, 09:30 to 10:30 (Europe/Berlin)`. */
export function describeTime({ startMs, endMs, zone }: EventTime): string {
  const day = (ms: number): string =>
    new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeZone: "UTC" }).format(ms);
  const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
  const isOneDay = Math.floor(startMs / DAY_MS) === Math.floor(endMs / DAY_MS);
  if (zone === undefined) return isOneDay ? `${day(startMs)}, all day` : `${day(startMs)} to ${day(endMs)}`;
  const end = isOneDay ? clock(endMs) : `${day(endMs)}, ${clock(endMs)}`;
  const isTwice = [startMs, endMs].some((wallMs) => instantsOf(zone, wallMs).length > 1);
  const note = isTwice ? "; the clocks are set back that day, the first time is meant" : "";
  return `${day(startMs)}, ${clock(startMs)} to ${end} (${zone}${note})`;
}
