import { describe, expect, it } from "vitest";
import { latestUntil, nextAfter, runsPerDay } from "./occurrence.ts";
import type { CalendarRule, Rule } from "./rule.ts";
import { changesIn, scanFor, ZONES } from "./testing/clock-scan.ts";
import { type Random, seededRandom } from "./testing/random.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./time-zone.ts";
import { sayWall } from "./wording.ts";

const wall = (local: string): number => Date.parse(`${local}Z`);
function following(rule: Rule, after: string, count: number): string[] {
  const times: string[] = [];
  for (
    let at = nextAfter(rule, Date.parse(after));
    at !== undefined && times.length < count;
    at = nextAfter(rule, at)
  )
    times.push(new Date(at).toISOString().slice(0, 16));
  return times;
}
const calendar = (start: string, rule: Partial<CalendarRule>): CalendarRule => ({
  ...{ kind: "calendar", startWall: wall(start), timezone: "Europe/Berlin", unit: "day", every: 1 },
  ...rule,
});

describe("a time of the day", () => {
  it("stays the same on the clock over a change", () => {
    const weekdays = calendar("2026-03-26T09:00", { unit: "week", weekdays: [0, 1, 2, 3, 4] });
    expect(following(weekdays, "2026-03-26T12:00Z", 3)).toEqual([
      ...["2026-03-27T08:00", "2026-03-30T07:00", "2026-03-31T07:00"],
    ]);
  });

  it("comes once on each day of a change: at the end of a skipped hour, at the first of a repeated one", () => {
    const early = calendar("2026-01-01T02:30", {});
    expect(following(early, "2026-03-28T00:00Z", 3)).toEqual([
      ...["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"],
    ]);
    expect(following(early, "2026-10-24T00:00Z", 3)).toEqual([
      ...["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"],
    ]);
    // Set up between the two.
    expect(following(early, "2026-10-25T01:00Z", 1)).toEqual(["2026-10-26T01:30"]);
  });

  it("comes on the last day of a month without its day", () => {
    const lastDays = calendar("2027-12-31T09:00", { unit: "month", timezone: "UTC" });
    expect(following(lastDays, "2027-12-01T00:00Z", 5).map((at) => at.slice(0, 10))).toEqual([
      ...["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"],
    ]);
    const leapDay = calendar("2028-02-29T09:00", { unit: "year", timezone: "UTC" });
    expect(following(leapDay, "2028-01-01T00:00Z", 5).map((at) => at.slice(0, 10))).toEqual([
      ...["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"],
    ]);
  });

  it("comes every other week on each of its days", () => {
    const rule = calendar("2026-11-25T09:00", { unit: "week", every: 2, weekdays: [0, 2], timezone: "UTC" });
    expect(following(rule, "2026-11-23T00:00Z", 4).map((at) => at.slice(0, 10))).toEqual([
      ...["2026-11-25", "2026-12-07", "2026-12-09", "2026-12-21"],
    ]);
  });

  it("ends", () => {
    const rule = calendar("2026-11-25T09:00", { timezone: "UTC", endMs: Date.parse("2026-11-26T09:00Z") });
    expect(following(rule, "2026-11-01T00:00Z", 9)).toEqual(["2026-11-25T09:00", "2026-11-26T09:00"]);
    expect(nextAfter({ kind: "once", atMs: 5 }, 5)).toBeUndefined();
    expect(nextAfter({ kind: "once", atMs: 5 }, 4)).toBe(5);
  });
});

describe("an interval", () => {
  const rule: Rule = { kind: "interval", startMs: Date.parse("2026-10-24T23:30Z"), everyMs: HOUR_MS };
  it("is time that passes, so that a repeated hour counts twice", () => {
    expect(following(rule, "2026-10-24T12:00Z", 4)).toEqual([
      ...["2026-10-24T23:30", "2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"],
    ]);
  });
  it("has a latest time of those that were missed", () => {
    const { startMs } = rule;
    expect(latestUntil(rule, startMs, startMs + 5.5 * HOUR_MS)).toBe(startMs + 5 * HOUR_MS);
    expect(latestUntil(rule, startMs, startMs + 5 * HOUR_MS)).toBe(startMs + 5 * HOUR_MS);
    expect(latestUntil({ kind: "once", atMs: 7 }, 7, startMs)).toBe(7);
    const ended = { ...rule, endMs: startMs + 2 * HOUR_MS };
    expect(latestUntil(ended, startMs, startMs + 9 * HOUR_MS)).toBe(startMs + 2 * HOUR_MS);
  });
  it("has a number of runs in a day", () => {
    expect(runsPerDay(rule)).toBe(24);
    expect(runsPerDay({ ...rule, everyMs: 15 * MINUTE_MS })).toBe(96);
    expect(runsPerDay({ ...rule, everyMs: MINUTE_MS, endMs: rule.startMs + 9 * MINUTE_MS })).toBe(10);
    expect(runsPerDay({ kind: "once", atMs: 1 })).toBe(1);
  });
});

/** Whether a rule applies on a day; said in other words than the rule's own arithmetic. */
function appliesOn(day: number, { startWall, unit, every, weekdays }: CalendarRule): boolean {
  const start = Math.floor(startWall / DAY_MS) * DAY_MS;
  if (day < start) return false;
  if (unit === "day") return ((day - start) / DAY_MS) % every === 0;
  const [date, first] = [new Date(day), new Date(start)];
  if (unit === "week") {
    // The weeks between the Mondays of both.
    const monday = (at: Date) => at.getTime() - ((at.getUTCDay() + 6) % 7) * DAY_MS;
    const names = weekdays?.map((index) => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][index]);
    const isDay = names?.includes(date.toUTCString().slice(0, 3)) === true;
    return isDay && ((monday(date) - monday(first)) / (7 * DAY_MS)) % every === 0;
  }
  const years = date.getUTCFullYear() - first.getUTCFullYear();
  const months = 12 * years + date.getUTCMonth() - first.getUTCMonth();
  const isLast = new Date(day + DAY_MS).getUTCDate() === 1;
  const isSame =
    date.getUTCDate() === first.getUTCDate() || (isLast && date.getUTCDate() < first.getUTCDate());
  if (unit === "month") return isSame && months % every === 0;
  return isSame && date.getUTCMonth() === first.getUTCMonth() && years % every === 0;
}

function randomRule(random: Random, timezone: string, day: string): CalendarRule {
  const unit = random.pick(["day", "week", "month", "year"] as const);
  const startDay = wall(`${day}T00:00`) - random.int(0, unit === "day" ? 20 : 400) * DAY_MS;
  const startWall = startDay + random.pick([random.int(0, 95), random.int(0, 14), 94]) * 15 * MINUTE_MS;
  const weekdays = [0, 1, 2, 3, 4, 5, 6].filter((_, index) => index === 6 || random.int(0, 1) === 1);
  const rule = { kind: "calendar", startWall, timezone, unit, every: random.int(1, 3) } as const;
  return unit === "week" ? { ...rule, weekdays } : rule;
}

it("finds the same times as a look at each day and at each quarter of an hour", () => {
  const random = seededRandom(6);
  let compared = 0;
  for (let round = 0; round < 90; round++) {
    const zone = random.pick(ZONES);
    const year = random.int(2024, 2034);
    const day = random.pick([...changesIn(year, zone), `${year}-02-28`, `${year}-12-31`]);
    const rule = randomRule(random, zone, day);
    const time = sayWall(rule.startWall).slice(11);
    const from = wall(`${day}T00:00`) - 3 * DAY_MS + random.int(0, 95) * 15 * MINUTE_MS;
    const until = from + 40 * DAY_MS;
    const expected: number[] = [];
    for (let at = wall(`${day}T00:00`) - 6 * DAY_MS; at < until + 3 * DAY_MS; at += DAY_MS) {
      const [instantMs] = appliesOn(at, rule) ? scanFor(`${sayWall(at).slice(0, 10)} ${time}`, zone) : [];
      if (instantMs !== undefined && instantMs > from && instantMs <= until) expected.push(instantMs);
    }
    const found: number[] = [];
    for (let at = nextAfter(rule, from); at !== undefined && at <= until; at = nextAfter(rule, at))
      found.push(at);
    expect(found, JSON.stringify({ rule, from })).toEqual(expected);
    if (expected.length > 0) expect(latestUntil(rule, expected[0] ?? 0, until)).toBe(expected.at(-1));
    compared += expected.length;
  }
  expect(compared).toBeGreaterThan(300);
});
