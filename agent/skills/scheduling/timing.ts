import { ToolError } from "../kit/tool-error.ts";
import { SCHEDULE_LIMITS } from "./limits.ts";
import { readLocal } from "./local-input.ts";
import { nextAfter, runsPerDay, weekdayOf } from "./occurrence.ts";
import { type Rule, WEEKDAYS } from "./rule.ts";
import {
  DAY_MS,
  HOUR_MS,
  instantOf,
  instantsOf,
  isZone,
  MINUTE_MS,
  type WallMs,
  wallAt,
} from "./time-zone.ts";
import type { Repeat, Timing } from "./timing-parameters.ts";
import { sayMoment } from "./wording.ts";

type RepeatingRule = Exclude<Rule, { kind: "once" }>;

/** Who asks, and when. */
export interface Asking {
  nowMs: number;
  name: string;
  /** As the profile says it. */
  timezone: string | undefined;
}

/** The rule that a model's words stand for. Throws ToolError, which asks for the time zone where it is needed and unknown. */
export function ruleOf(timing: Timing, asking: Asking): Rule {
  const { repeat } = timing;
  const zone = zoneOf(timing, asking);
  if (timing.at !== undefined && timing.in_minutes !== undefined)
    throw new ToolError("Give at or in_minutes, not both.");
  if (repeat === undefined) return within(once(timing, zone, asking), asking.nowMs);
  if (repeat.days !== undefined && repeat.unit !== "week")
    throw new ToolError("days goes with unit week. For every weekday: unit week, days mo to fr.");
  const isByTheClock = repeat.unit === "minute" || repeat.unit === "hour";
  const rule = (isByTheClock ? interval : calendar)(timing, repeat, zone, asking);
  return within(ended(rule, repeat, zone, asking), asking.nowMs);
}

function zoneOf({ timezone }: Timing, asking: Asking): string | undefined {
  if (timezone !== undefined && !isZone(timezone))
    throw new ToolError(
      `"${timezone}" is no IANA time zone. Write it like Europe/Berlin; if you do not know it, ask ${asking.name}.`,
    );
  if (timezone !== undefined) return timezone;
  return asking.timezone !== undefined && isZone(asking.timezone) ? asking.timezone : undefined;
}

function needed(zone: string | undefined, { name }: Asking): string {
  if (zone !== undefined) return zone;
  throw new ToolError(
    `Nothing was set up: the time zone of ${name} is not known. Ask ${name} for the city or time zone, then call again with timezone.`,
  );
}

function once({ at, in_minutes: minutes }: Timing, zone: string | undefined, asking: Asking): Rule {
  const { nowMs } = asking;
  if (minutes !== undefined) return { kind: "once", atMs: nowMs + minutes * MINUTE_MS, ...shownIn(zone) };
  if (at === undefined) throw new ToolError("Give at or in_minutes: when is it to be?");
  const timezone = needed(zone, asking);
  const { day, timeOfDay } = readAt(at);
  const today = dayOf(wallAt(nowMs, timezone));
  const days = day === undefined ? [today, today + DAY_MS] : [day];
  // In an hour that comes twice it is the first of the two, unless that is over.
  const atMs = days
    .flatMap((one) => instantsOf(one + timeOfDay, timezone))
    .find((instantMs) => instantMs > nowMs);
  if (atMs === undefined) throw past(nowMs, timezone);
  return { kind: "once", atMs, timezone };
}

function interval(
  { at, in_minutes: minutes }: Timing,
  { every, unit }: Repeat,
  zone: string | undefined,
  asking: Asking,
): RepeatingRule {
  const everyMs = every * (unit === "hour" ? HOUR_MS : MINUTE_MS);
  const from = (startMs: number): RepeatingRule => ({ kind: "interval", startMs, everyMs, ...shownIn(zone) });
  if (at === undefined) return from(asking.nowMs + (minutes === undefined ? everyMs : minutes * MINUTE_MS));
  const timezone = needed(zone, asking);
  const { day, timeOfDay } = readAt(at);
  const startMs = instantOf(firstFrom(day, timeOfDay, timezone, asking.nowMs), timezone);
  return from(nextAfter(from(startMs), asking.nowMs) ?? startMs);
}

function calendar(
  { at }: Timing,
  { every, unit, days }: Repeat,
  zone: string | undefined,
  asking: Asking,
): RepeatingRule {
  if (unit === "minute" || unit === "hour") throw new TypeError(`${unit} is not of the calendar`);
  const timezone = needed(zone, asking);
  if (at === undefined) throw new ToolError("Give at: the time of the day, or the first date and time.");
  const { day, timeOfDay } = readAt(at);
  if (day === undefined && (unit === "month" || unit === "year"))
    throw new ToolError("Give at with the first date: its day is that of every following month or year.");
  const startWall = firstFrom(day, timeOfDay, timezone, asking.nowMs);
  const indexes = days?.map((name) => WEEKDAYS.indexOf(name)) ?? [weekdayOf(startWall)];
  const weekdays = [...new Set(indexes)].toSorted((a, b) => a - b);
  return { kind: "calendar", startWall, timezone, unit, every, ...(unit === "week" ? { weekdays } : {}) };
}

/** A number of times becomes the moment of the last of them, so that what is missed is not made up for later. */
function ended(
  rule: RepeatingRule,
  { times, until }: Repeat,
  zone: string | undefined,
  asking: Asking,
): RepeatingRule {
  const ends: number[] = [];
  if (until !== undefined) {
    const { day, timeOfDay } = readLocal(until);
    if (day === undefined) throw new ToolError("Give until with its date.");
    ends.push(instantOf(day + (timeOfDay ?? DAY_MS - MINUTE_MS), needed(zone, asking)));
  }
  if (times !== undefined) {
    const horizonMs = asking.nowMs + SCHEDULE_LIMITS.horizonMs;
    let lastMs = asking.nowMs;
    for (let run = 0; run < times && lastMs <= horizonMs; run++) lastMs = nextAfter(rule, lastMs) ?? lastMs;
    ends.push(lastMs);
  }
  return ends.length === 0 ? rule : { ...rule, endMs: Math.min(...ends) };
}

/** The rule, if it is within what is possible. */
function within(rule: Rule, nowMs: number): Rule {
  const { horizonMs, startMaxAgeMs, runsPerDayMax } = SCHEDULE_LIMITS;
  if (rule.kind === "calendar" && rule.startWall < nowMs - startMaxAgeMs) throw past(nowMs, rule.timezone);
  const nextMs = nextAfter(rule, nowMs);
  if (nextMs === undefined) throw new ToolError("It would end before it comes for the first time.");
  if (nextMs > nowMs + horizonMs) throw new ToolError("That is too far ahead: five years are the most.");
  if (runsPerDay(rule) > runsPerDayMax)
    throw new ToolError(
      `That is too often: at most ${runsPerDayMax} times a day, which is every 15 minutes. It may be more often only with times of at most ${runsPerDayMax}.`,
    );
  return rule;
}

/** A given day, or the next on which that time is still to come. */
function firstFrom(day: WallMs | undefined, timeOfDay: number, timezone: string, nowMs: number): WallMs {
  if (day !== undefined) return day + timeOfDay;
  const today = dayOf(wallAt(nowMs, timezone)) + timeOfDay;
  return instantOf(today, timezone) > nowMs ? today : today + DAY_MS;
}

function readAt(at: string): { day: WallMs | undefined; timeOfDay: number } {
  const { day, timeOfDay } = readLocal(at);
  if (timeOfDay === undefined) throw new ToolError("Give at with its time of the day, as 2026-12-24T09:00.");
  return { day, timeOfDay };
}

const shownIn = (zone: string | undefined) => (zone === undefined ? {} : { timezone: zone });
const dayOf = (wall: WallMs): WallMs => Math.floor(wall / DAY_MS) * DAY_MS;
const past = (nowMs: number, timezone: string | undefined): ToolError =>
  new ToolError(`That is past: it is ${sayMoment(nowMs, timezone)} now.`);
