import { weekdayOf } from "./occurrence.ts";
import { type Rule, WEEKDAYS } from "./rule.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, type WallMs, wallAt } from "./time-zone.ts";

const WEEKDAY_NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

/** `2026-11-23T09:00` of a local time. */
export const sayWall = (wall: WallMs): string => new Date(wall).toISOString().slice(0, 16);
const timeOf = (wall: WallMs): string => sayWall(wall).slice(11);

/** `Mon 2026-11-23 09:00`, in the zone's time. */
export function sayLocal(instantMs: number, zone: string): string {
  const wall = wallAt(instantMs, zone);
  return `${WEEKDAY_NAMES[weekdayOf(wall)]} ${sayWall(wall).replace("T", " ")}`;
}

/** The same with the zone's name; in UTC where no zone is known. */
export const sayMoment = (instantMs: number, zone = "UTC"): string => `${sayLocal(instantMs, zone)} ${zone}`;

/** `3 hours`, `1 minute`, `2 days`; rounded down to the largest unit. */
export function sayDuration(durationMs: number): string {
  const [size, unit] =
    durationMs >= 2 * DAY_MS
      ? [DAY_MS, "day"]
      : durationMs >= 2 * HOUR_MS
        ? [HOUR_MS, "hour"]
        : [MINUTE_MS, "minute"];
  return count(Math.floor(durationMs / size), unit);
}

/** `every 2 weeks on mo, we at 09:00 Europe/Berlin`, or `once`. */
export function sayRule(rule: Rule): string {
  if (rule.kind === "once") return "once";
  const end = rule.endMs === undefined ? "" : `, until ${sayMoment(rule.endMs, rule.timezone)}`;
  if (rule.kind === "interval") return `every ${sayInterval(rule.everyMs)}${end}`;
  const { every, unit, startWall, timezone } = rule;
  const often = every === 1 ? unit : count(every, unit);
  return `every ${often}${sayDays(rule)} at ${timeOf(startWall)} ${timezone}${end}`;
}

function sayDays({ unit, startWall, weekdays = [] }: Extract<Rule, { kind: "calendar" }>): string {
  const [, month, day = ""] = sayWall(startWall).slice(0, 10).split("-");
  const orLast = Number(day) > 28 ? " (or the last of the month)" : "";
  if (unit === "week") return ` on ${weekdays.map((weekday) => WEEKDAYS[weekday]).join(", ")}`;
  if (unit === "month") return ` on day ${Number(day)}${orLast}`;
  return unit === "year" ? ` on ${month}-${day}${orLast}` : "";
}

const sayInterval = (everyMs: number): string =>
  everyMs % HOUR_MS === 0 ? count(everyMs / HOUR_MS, "hour") : count(everyMs / MINUTE_MS, "minute");

const count = (amount: number, unit: string): string => `${amount} ${unit}${amount === 1 ? "" : "s"}`;
