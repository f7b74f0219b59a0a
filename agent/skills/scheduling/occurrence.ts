import type { CalendarRule, Rule } from "./rule.ts";
import { DAY_MS, instantOf, type WallMs, wallAt } from "./time-zone.ts";

const UNIT_MAX_DAYS = { day: 1, week: 7, month: 31, year: 366 } as const;

/** The first time after an instant at which a rule applies; undefined when it has ended. */
export function nextAfter(rule: Rule, afterMs: number): number | undefined {
  if (rule.kind === "once") return rule.atMs > afterMs ? rule.atMs : undefined;
  const next = rule.kind === "interval" ? nextInterval(rule, afterMs) : nextOnCalendar(rule, afterMs);
  return rule.endMs !== undefined && next > rule.endMs ? undefined : next;
}

/** The last time up to and including `untilMs`; `fromMs`, which is one, when there is no later one. */
export function latestUntil(rule: Rule, fromMs: number, untilMs: number): number {
  const endMs = rule.kind === "once" ? fromMs : Math.min(untilMs, rule.endMs ?? untilMs);
  // However long nothing ran, no more is looked at than what lies between two times.
  let latest = Math.max(fromMs, nextAfter(rule, endMs - longestPause(rule)) ?? fromMs);
  for (;;) {
    const next = nextAfter(rule, latest);
    if (next === undefined || next > endMs) return latest;
    latest = next;
  }
}

/** How often a rule applies in a day, at most. */
export function runsPerDay(rule: Rule): number {
  if (rule.kind !== "interval") return 1;
  const { startMs, everyMs, endMs = Number.POSITIVE_INFINITY } = rule;
  return Math.min(Math.ceil(DAY_MS / everyMs), Math.floor((endMs - startMs) / everyMs) + 1);
}

/** No two times of a rule are further apart, whatever clocks do. */
function longestPause(rule: Rule): number {
  if (rule.kind === "once") return 0;
  return rule.kind === "interval" ? rule.everyMs : (rule.every * UNIT_MAX_DAYS[rule.unit] + 2) * DAY_MS;
}

function nextInterval({ startMs, everyMs }: Extract<Rule, { kind: "interval" }>, afterMs: number): number {
  if (afterMs < startMs) return startMs;
  return startMs + (Math.floor((afterMs - startMs) / everyMs) + 1) * everyMs;
}

function nextOnCalendar(rule: CalendarRule, afterMs: number): number {
  const { timezone, startWall } = rule;
  const near = wallAt(afterMs, timezone);
  for (const wall of wallsNear(rule, near)) {
    // What comes earlier on the clock has been, also where the clock was set back: then at the first of the two.
    if (wall < startWall || wall < near) continue;
    const instantMs = instantOf(wall, timezone);
    if (instantMs > afterMs) return instantMs;
  }
  throw new Error("unreachable: a calendar rule goes on for ever");
}

/** The local times of a rule from the unit of `near` on, ascending and without an end. */
function* wallsNear(rule: CalendarRule, near: WallMs): Generator<WallMs, never> {
  const { startWall, unit, every } = rule;
  const passed = Math.max(0, indexOf(near, unit) - indexOf(startWall, unit));
  for (let step = Math.floor(passed / every); ; step++) yield* wallsOf(rule, step * every);
}

/** The local times in one unit, so many units after that of the first time. */
function wallsOf({ startWall, unit, weekdays }: CalendarRule, units: number): readonly WallMs[] {
  if (unit === "day") return [startWall + units * DAY_MS];
  if (unit === "week") {
    const startWeekday = weekdayOf(startWall);
    const monday = startWall + (7 * units - startWeekday) * DAY_MS;
    return (weekdays ?? [startWeekday]).map((day) => monday + day * DAY_MS);
  }
  return [addMonths(startWall, unit === "year" ? 12 * units : units)];
}

/** The number of a day, week, month or year. */
function indexOf(wall: WallMs, unit: CalendarRule["unit"]): number {
  const date = new Date(wall);
  if (unit === "year") return date.getUTCFullYear();
  if (unit === "month") return 12 * date.getUTCFullYear() + date.getUTCMonth();
  const day = Math.floor(wall / DAY_MS);
  return unit === "day" ? day : Math.floor((day - weekdayOf(wall)) / 7);
}

/** 0 on a Monday. */
export const weekdayOf = (wall: WallMs): number => (new Date(wall).getUTCDay() + 6) % 7;

/** The same day of another month, or the last one of it. */
function addMonths(wall: WallMs, months: number): WallMs {
  const date = new Date(wall);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const timeOfDay = wall - Math.floor(wall / DAY_MS) * DAY_MS;
  return Date.UTC(year, month, Math.min(date.getUTCDate(), lastDay)) + timeOfDay;
}
