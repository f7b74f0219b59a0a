import { contentLine, textValue } from "./content-line.ts";
import { vtimezone } from "./vtimezone.ts";
import { basicDate, basicTime, instantsOf } from "./zone-time.ts";

const DAY_MS = 86_400_000;

/** An event as it is told to whoever is invited. */
export interface Invitation {
  method: "REQUEST" | "CANCEL";
  uid: string;
  /** Rises with every change. */
  sequence: number;
  stampMs: number;
  title: string;
  /** Wall clocks; for whole days the first and the last day. */
  startMs: number;
  endMs: number;
  /** IANA name; undefined for whole days. */
  zone: string | undefined;
  location: string;
  description: string;
  /** Value of an RRULE, or empty. */
  repeat: string;
  /** Addresses without names, which hold no character that would have to be escaped. */
  organizer: string;
  attendees: readonly string[];
}

export const INVITATION_FILENAME = "invite.ics";

/** The type that readers of mail know an invitation by (RFC 5546, section 1.4; RFC 6047, section 2.4). */
export const invitationType = (method: Invitation["method"]): string =>
  `text/calendar; method=${method}; charset=utf-8`;

/** The iCalendar object (RFC 5545) that invites, or takes an invitation back (RFC 5546). */
export function writeInvitation(event: Invitation): string {
  const { method, zone, organizer } = event;
  const attendee =
    method === "REQUEST"
      ? "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE"
      : "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT";
  const startInstantMs = zone === undefined ? event.startMs : instantsOf(zone, event.startMs)[0];
  const optional = (name: string, text: string): string[] =>
    text === "" ? [] : [contentLine(name, textValue(text))];
  return [
    "BEGIN:VCALENDAR\r\n",
    "PRODID:-//Convos//Agent//EN\r\n",
    "VERSION:2.0\r\n",
    "CALSCALE:GREGORIAN\r\n",
    contentLine("METHOD", method),
    ...(isZoned(zone) ? [vtimezone(zone, startInstantMs ?? event.startMs)] : []),
    "BEGIN:VEVENT\r\n",
    contentLine("UID", event.uid),
    contentLine("DTSTAMP", `${basicTime(event.stampMs)}Z`),
    contentLine("SEQUENCE", String(event.sequence)),
    timeLine("DTSTART", event.startMs, zone),
    timeLine("DTEND", zone === undefined ? event.endMs + DAY_MS : event.endMs, zone),
    ...(event.repeat === "" ? [] : [contentLine("RRULE", event.repeat)]),
    contentLine("SUMMARY", textValue(event.title)),
    ...optional("LOCATION", event.location),
    ...optional("DESCRIPTION", event.description),
    contentLine("ORGANIZER", `mailto:${organizer}`),
    ...event.attendees.map((address) => contentLine(attendee, `mailto:${address}`)),
    contentLine("STATUS", method === "REQUEST" ? "CONFIRMED" : "CANCELLED"),
    contentLine("TRANSP", zone === undefined ? "TRANSPARENT" : "OPAQUE"),
    "END:VEVENT\r\n",
    "END:VCALENDAR\r\n",
  ].join("");
}

const UTC_NAMES = new Set(["UTC", "Etc/UTC", "GMT", "Etc/GMT"]);
const isZoned = (zone: string | undefined): zone is string => zone !== undefined && !UTC_NAMES.has(zone);

function timeLine(name: string, wallMs: number, zone: string | undefined): string {
  if (zone === undefined) return contentLine(`${name};VALUE=DATE`, basicDate(wallMs));
  return isZoned(zone)
    ? contentLine(`${name};TZID=${zone}`, basicTime(wallMs))
    : contentLine(name, `${basicTime(wallMs)}Z`);
}
