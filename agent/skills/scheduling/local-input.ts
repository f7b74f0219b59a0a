import { ToolError } from "../kit/tool-error.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, type WallMs } from "./time-zone.ts";

const TIME = /^(\d{2}):(\d{2})(?::00)?$/;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** What a model gives as a local time: a day, a time of the day in milliseconds, or both. */
export interface LocalInput {
  day: WallMs | undefined;
  timeOfDay: number | undefined;
}

/** Reads `09:00`, `2026-12-24T09:00` or `2026-12-24`. Throws ToolError for anything else, and for days that do not exist. */
export function readLocal(text: string): LocalInput {
  const [first = "", second] = text.split("T");
  const isTimeOnly = second === undefined && first.includes(":");
  const timeText = isTimeOnly ? first : second;
  return {
    day: isTimeOnly ? undefined : readDay(first, text),
    timeOfDay: timeText === undefined ? undefined : readTime(timeText, text),
  };
}

function readTime(timeText: string, text: string): number {
  const [, hour, minute] = TIME.exec(timeText) ?? [];
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) throw unreadable(text);
  return Number(hour) * HOUR_MS + Number(minute) * MINUTE_MS;
}

function readDay(dayText: string, text: string): WallMs {
  const [, year, month, day] = DATE.exec(dayText) ?? [];
  const wall = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Of the 31st of February Date makes another day.
  if (Number.isNaN(wall) || wall % DAY_MS !== 0 || new Date(wall).toISOString().slice(0, 10) !== dayText)
    throw unreadable(text);
  return wall;
}

const unreadable = (text: string): ToolError =>
  new ToolError(
    `"${text}" is no local time. Write 09:00 or 2026-12-24T09:00, without seconds, offset or Z; the zone goes into timezone.`,
  );
