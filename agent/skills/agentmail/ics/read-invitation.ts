import ICAL from "ical.js";
import { ToolError } from "../../kit/tool-error.ts";

const MAX_EVENTS = 10;
const MAX_ATTENDEES = 20;
const MAX_CHARS = 300;

/** What an iCalendar object says, in lines for the model. Throws what the parser throws when it is malformed. */
export function describeInvitation(ics: string): string[] {
  const calendar = new ICAL.Component(ICAL.parse(ics));
  if (calendar.name !== "vcalendar") throw new ToolError("The calendar file holds no calendar.");
  const events = calendar.getAllSubcomponents("vevent");
  if (events.length === 0) throw new ToolError("The calendar file holds no event.");
  const method = calendar.getFirstPropertyValue("method");
  const lines = events.slice(0, MAX_EVENTS).flatMap((event) => describeEvent(event, String(method ?? "")));
  return events.length > MAX_EVENTS ? [...lines, `and ${events.length - MAX_EVENTS} more`] : lines;
}

function describeEvent(component: ICAL.Component, method: string): string[] {
  const event = new ICAL.Event(component);
  const attendees = event.attendees.slice(0, MAX_ATTENDEES).map((attendee) => {
    const answer = attendee.getFirstParameter("partstat");
    return `${address(attendee.getFirstValue())}${answer ? ` (${answer.toLowerCase()})` : ""}`;
  });
  const rule = component.getFirstPropertyValue("rrule");
  const status = component.getFirstPropertyValue("status");
  return [
    line("Event", event.summary ?? "without a title"),
    line("When", `${moment(event.startDate)} to ${moment(event.endDate)}`),
    ...(rule === null ? [] : [line("Repeated", String(rule))]),
    ...(event.location ? [line("Where", event.location)] : []),
    ...(event.organizer ? [line("Organizer", address(event.organizer))] : []),
    ...(attendees.length === 0 ? [] : [line("Invited", attendees.join(", "))]),
    line("Kind", [method, status === null ? "" : String(status)].filter((part) => part !== "").join(", ")),
    line("Uid", event.uid ?? "none"),
  ];
}

/** `2026-03-29T09:30:00 Europe/Berlin`, or a day. */
function moment(time: ICAL.Time | null): string {
  if (time === null) return "unknown";
  const zone = time.zone?.tzid ?? "floating";
  return time.isDate ? time.toString() : `${time.toString()} ${zone}`;
}

const address = (value: unknown): string => String(value ?? "").replace(/^mailto:/i, "");
const line = (name: string, text: string): string =>
  `${name}: ${text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").slice(0, MAX_CHARS)}`;
