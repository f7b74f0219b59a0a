import ICAL from "ical.js";
import { expect, it } from "vitest";
import { vtimezone } from "./vtimezone.ts";
import { instantsOf, offsetMs, wallDate, wallTime, zoneName } from "./zone-time.ts";

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

/** Milliseconds that the clocks are ahead of UTC at an instant, as another program reads the VTIMEZONE. */
function parsedOffsetMs(component: string, instantMs: number): number {
  const zone = new ICAL.Timezone(new ICAL.Component(ICAL.parse(component)));
  const utc = ICAL.Time.fromJSDate(new Date(instantMs), true);
  const local = utc.convertToZone(zone);
  return zone.utcOffset(local) * 1_000;
}

const FROM_MS = Date.UTC(2026, 5, 15);
const ZONES = [
  "Europe/Berlin",
  "Europe/Dublin",
  "America/New_York",
  "America/St_Johns",
  "America/Santiago",
  "America/Phoenix",
  "Australia/Lord_Howe",
  "Australia/Sydney",
  "Africa/Casablanca",
  "Africa/Cairo",
  "Asia/Jerusalem",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Pacific/Chatham",
  "Pacific/Kiritimati",
  "Etc/GMT+5",
];

it.each(ZONES)("tells another program the clocks of %s over nine years", (zone) => {
  const component = vtimezone(zone, FROM_MS);
  const instants = Array.from({ length: 500 }, (_, index) => FROM_MS + (index * 9 * YEAR_MS) / 500);
  const wrong = instants.filter((ms) => parsedOffsetMs(component, ms) !== offsetMs(zone, ms));
  expect(wrong.map((ms) => new Date(ms).toISOString())).toEqual([]);
});

it("says the rule where there is one, which Outlook needs, and lists the changes where there is none", () => {
  expect(vtimezone("Europe/Berlin", FROM_MS)).toContain("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n");
  expect(vtimezone("America/New_York", FROM_MS)).toContain("RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\n");
  expect(vtimezone("Africa/Casablanca", FROM_MS)).not.toContain("RRULE");
  expect(vtimezone("Africa/Casablanca", FROM_MS)).toContain("RDATE:");
  // The United States changed the rule in 2007: no rule holds for an event of 2006.
  expect(vtimezone("America/New_York", Date.UTC(2006, 5, 1))).not.toContain("RRULE");
});

it("knows the hour that does not exist and the hour that comes twice", () => {
  const berlin = (text: string): string[] =>
    instantsOf("Europe/Berlin", wallTime(text) ?? Number.NaN).map((ms) => new Date(ms).toISOString());
  expect(berlin("2026-03-29T01:59")).toEqual(["2026-03-29T00:59:00.000Z"]);
  expect(berlin("2026-03-29T02:00")).toEqual([]);
  expect(berlin("2026-03-29T02:59")).toEqual([]);
  expect(berlin("2026-03-29T03:00")).toEqual(["2026-03-29T01:00:00.000Z"]);
  expect(berlin("2026-10-25T02:30")).toEqual(["2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"]);
  expect(instantsOf("UTC", 5)).toEqual([5]);
});

it("takes only what is a date, a time or a zone", () => {
  for (const text of ["2026-02-29", "2026-13-01", "26-01-01", "2026-1-1", "", "2026-01-01T00:00"])
    expect(wallDate(text)).toBeUndefined();
  for (const text of [
    "2026-01-01T24:00",
    "2026-01-01T09:60",
    "2026-01-01T09:30Z",
    "2026-01-01T09:30+01:00",
    "2026-01-01",
  ])
    expect(wallTime(text)).toBeUndefined();
  for (const text of ["Mars/Base", "+01:00", "", "Europe/Berlin\r\nX:1", "CEST5"])
    expect(zoneName(text)).toBeUndefined();
  expect(zoneName("europe/berlin")).toBe("Europe/Berlin");
  expect(zoneName("Asia/Kolkata")).toBe("Asia/Kolkata");
});
