import { ToolError } from "../kit/tool-error.ts";
import { addressesOf } from "./addresses.ts";
import type { CalendarEvent } from "./event-store.ts";
import { recurrenceRule } from "./ics/recurrence.ts";
import { instantsOf, wallDate, wallTime, zoneName } from "./ics/zone-time.ts";
import { MAIL_LIMITS } from "./limits.ts";
import { oneLine } from "./one-line.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** What a call says of an event; what is left out stays as it was. */
export interface EventParams {
  title?: string;
  start?: string;
  end?: string;
  timezone?: string;
  location?: string;
  description?: string;
  repeat?: string;
  attendees?: string[];
}

export type EventDraft = Pick<
  CalendarEvent,
  "title" | "start" | "end" | "timezone" | "location" | "description" | "repeat" | "attendees"
>;

/** When an event is, in wall clocks; `zone` is undefined for whole days. */
export interface EventTime {
  startMs: number;
  endMs: number;
  zone: string | undefined;
}

/** The event as it is to be. Throws ToolError with what is missing or cannot be. */
export function draftOf(
  params: EventParams,
  before: EventDraft | undefined,
  ownAddress: string,
  askerZone: string | undefined,
): EventDraft {
  const title = oneLine(params.title ?? before?.title ?? "");
  if (title === "") throw new ToolError("The event needs a title.");
  const time = timeOf(params, before, askerZone);
  const attendees = addressesOf(params.attendees ?? before?.attendees ?? []).filter(
    (one) => one !== ownAddress,
  );
  if (attendees.length === 0)
    throw new ToolError("Somebody has to be invited: give `attendees`, or cancel the event.");
  const repeat = params.repeat ?? before?.repeat ?? "";
  if (repeat !== "") recurrenceRule(repeat, time.startMs, time.zone);
  return {
    title,
    start: wallText(time.startMs, time.zone),
    end: wallText(time.endMs, time.zone),
    ...(time.zone === undefined ? {} : { timezone: time.zone }),
    location: oneLine(params.location ?? before?.location ?? ""),
    description: params.description ?? before?.description ?? "",
    repeat,
    attendees,
  };
}

/** The time of a kept event, which was valid when it was made. */
export function timeOfEvent({ start, end, timezone }: EventDraft): EventTime {
  const read = timezone === undefined ? wallDate : wallTime;
  return { startMs: read(start) ?? Number.NaN, endMs: read(end) ?? Number.NaN, zone: timezone };
}

function timeOf(
  params: EventParams,
  before: EventDraft | undefined,
  askerZone: string | undefined,
): EventTime {
  const start = params.start ?? before?.start;
  if (start === undefined)
    throw new ToolError("The event needs a start, like 2026-03-29T09:30, or 2026-03-29 for a whole day.");
  const isWholeDay = wallDate(start) !== undefined;
  const read = isWholeDay ? wallDate : wallTime;
  const startMs = read(start);
  if (startMs === undefined) throw notATime("start");
  const end = params.end ?? (params.start === undefined ? before?.end : undefined);
  const endMs = end === undefined ? startMs + lengthOf(before, isWholeDay) : read(end);
  if (endMs === undefined) throw notATime("end");
  if (endMs - startMs > MAIL_LIMITS.eventMaxDays * DAY_MS)
    throw new ToolError("The event is longer than a year; correct its end.");
  if (isWholeDay) {
    if (endMs < startMs) throw new ToolError("The last day of the event is before its first.");
    return { startMs, endMs, zone: undefined };
  }
  const zone = zoneOf(params.timezone ?? before?.timezone ?? askerZone);
  const startInstant = instantOf(zone, startMs, "start");
  if (instantOf(zone, endMs, "end") <= startInstant) throw new ToolError("The event ends before it starts.");
  return { startMs, endMs, zone };
}

/** An event that is moved stays as long as it was. */
function lengthOf(before: EventDraft | undefined, isWholeDay: boolean): number {
  if (before === undefined || (before.timezone === undefined) !== isWholeDay) return isWholeDay ? 0 : HOUR_MS;
  const { startMs, endMs } = timeOfEvent(before);
  return endMs - startMs;
}

function zoneOf(text: string | undefined): string {
  if (text === undefined)
    throw new ToolError("The time zone is not known: ask the person, and give it like Europe/Berlin.");
  const zone = zoneName(text);
  if (zone === undefined)
    throw new ToolError(`"${text.slice(0, 40)}" is no time zone; give a name like Europe/Berlin.`);
  return zone;
}

/** The first time that the clocks show it (RFC 5545, section 3.3.5). */
function instantOf(zone: string, wallMs: number, what: string): number {
  const [first] = instantsOf(zone, wallMs);
  if (first === undefined)
    throw new ToolError(
      `The ${what} does not exist: the clocks in ${zone} are set forward over ${wallText(wallMs, zone)}. Choose another time.`,
    );
  return first;
}

const wallText = (wallMs: number, zone: string | undefined): string =>
  new Date(wallMs).toISOString().slice(0, zone === undefined ? 10 : 16);

const notATime = (what: string): ToolError =>
  new ToolError(
    `The ${what} is not a time of the kind that the start is: write local time without an offset, like 2026-03-29T09:30, or for whole days 2026-03-29.`,
  );
