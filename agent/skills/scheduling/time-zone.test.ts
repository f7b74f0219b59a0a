import { describe, expect, it } from "vitest";
import { changesIn, clockAt, scanFor, ZONES } from "./testing/clock-scan.ts";
import { seededRandom } from "./testing/random.ts";
import { DAY_MS, instantOf, instantsOf, isZone, MINUTE_MS, wallAt } from "./time-zone.ts";
import { sayWall } from "./wording.ts";

const wall = (local: string): number => Date.parse(`${local}Z`);
const iso = (instants: readonly number[]): string[] => instants.map((at) => new Date(at).toISOString());

describe("a local time", () => {
  // Changes as they were published for these zones.
  it.each([
    ["Europe/Berlin", "2026-03-29T01:59", ["2026-03-29T00:59:00.000Z"]],
    ["Europe/Berlin", "2026-03-29T02:00", ["2026-03-29T01:00:00.000Z"]],
    ["Europe/Berlin", "2026-03-29T02:30", ["2026-03-29T01:00:00.000Z"]],
    ["Europe/Berlin", "2026-03-29T03:00", ["2026-03-29T01:00:00.000Z"]],
    ["Europe/Berlin", "2026-10-25T02:30", ["2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"]],
    ["Europe/Berlin", "2026-10-25T03:00", ["2026-10-25T02:00:00.000Z"]],
    ["America/New_York", "2026-03-08T02:30", ["2026-03-08T07:00:00.000Z"]],
    ["America/St_Johns", "2026-03-08T02:30", ["2026-03-08T05:30:00.000Z"]],
    ["Australia/Lord_Howe", "2026-10-04T02:15", ["2026-10-03T15:30:00.000Z"]],
    ["Australia/Lord_Howe", "2026-04-05T01:45", ["2026-04-04T14:45:00.000Z", "2026-04-04T15:15:00.000Z"]],
    // The gap goes over midnight.
    ["America/Nuuk", "2026-03-28T23:30", ["2026-03-29T01:00:00.000Z"]],
    ["America/Santiago", "2026-09-06T00:30", ["2026-09-06T04:00:00.000Z"]],
    // A whole day was skipped.
    ["Pacific/Apia", "2011-12-30T09:00", ["2011-12-30T10:00:00.000Z"]],
    ["Asia/Kathmandu", "2026-06-01T09:00", ["2026-06-01T03:15:00.000Z"]],
  ])("in %s, %s, is at %j", (zone, local, instants) => {
    expect(iso(instantsOf(wall(local), zone))).toEqual(instants);
    expect(iso([instantOf(wall(local), zone)])).toEqual(instants.slice(0, 1));
  });

  it("is where a scan of the clock finds it, on days of change and on others", () => {
    const random = seededRandom(20_260_329);
    let compared = 0;
    let isUnusual = 0;
    for (const zone of ZONES)
      for (const year of [2024, 2027, 2031]) {
        const changes = changesIn(year, zone).flatMap((day) => Array<string>(6).fill(day));
        const others = [1, 2, 3].map(() => sayWall(Date.UTC(year, 0, random.int(1, 365))).slice(0, 10));
        for (const day of [...changes, ...others]) {
          // The day before too: a change may be in its last hour.
          const at = wall(`${day}T00:00`) + random.int(-8, 20) * 15 * MINUTE_MS;
          const expected = scanFor(sayWall(at).replace("T", " "), zone);
          expect(iso(instantsOf(at, zone)), `${zone} ${sayWall(at)}`).toEqual(iso(expected));
          const [first = 0] = expected;
          if (expected.length > 1 || wallAt(first, zone) !== at) isUnusual++;
          compared++;
        }
      }
    expect(compared).toBeGreaterThan(400);
    expect(isUnusual).toBeGreaterThan(40);
  });

  it("is what the clock shows at an instant, to the millisecond", () => {
    const random = seededRandom(7);
    for (let round = 0; round < 300; round++) {
      const zone = random.pick(ZONES);
      const instantMs = random.int(Date.UTC(2000, 0, 1), Date.UTC(2035, 0, 1));
      const shown = wallAt(instantMs, zone);
      expect(sayWall(shown).replace("T", " ")).toBe(clockAt(instantMs, zone));
      expect(Math.abs(shown - instantMs) % MINUTE_MS).toBe(0);
      expect(Math.abs(shown - instantMs)).toBeLessThan(DAY_MS);
    }
  });
});

it("knows zones by their IANA names and nothing else", () => {
  for (const name of [...ZONES, "America/Argentina/Buenos_Aires", "Etc/GMT+5", "europe/berlin"])
    expect(isZone(name), name).toBe(true);
  for (const name of [
    "",
    "EST",
    "CET",
    "+02:00",
    "GMT+2",
    "Berlin",
    "Europe/Bielefeld",
    "Europe/Berlin ",
    "a/b".repeat(99),
  ])
    expect(isZone(name), name).toBe(false);
});
