/**
 * A local time without its zone, in milliseconds: what `Date.UTC` gives for its fields. Arithmetic on it is that of the
 * calendar, in which every day has 24 hours.
 */
export type WallMs = number;

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const ZONE_MAX_CHARS = 64;
/** An area and a place. Abbreviations such as EST are not taken: they mean a fixed offset, or several places. */
const ZONE = /^(?:UTC|[A-Za-z_]+(?:\/[A-Za-z0-9_+-]+)+)$/;
const FIELDS = ["year", "month", "day", "hour", "minute", "second"] as const;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether this is the IANA name of a time zone. */
export function isZone(name: string): boolean {
  if (name.length > ZONE_MAX_CHARS || !ZONE.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** What clocks in the zone show at an instant. Throws RangeError for a zone that is none. */
export function wallAt(instantMs: number, zone: string): WallMs {
  const parts = new Map<string, number>();
  for (const { type, value } of formatOf(zone).formatToParts(instantMs)) parts.set(type, Number(value));
  const [year, month, day, ...time] = FIELDS.map((field) => parts.get(field) ?? 0);
  const subsecondMs = ((instantMs % 1_000) + 1_000) % 1_000;
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, ...time) + subsecondMs;
}

/**
 * The instants at which clocks in the zone show a local time, in order: two in an hour that is repeated. A time that is
 * skipped stands for the first moment after the gap.
 */
export function instantsOf(wall: WallMs, zone: string): readonly [number, ...number[]] {
  // No clock differs from UTC by a day: what holds before and after a change nearby is found at these two.
  const before = offsetAt(wall - DAY_MS, zone);
  const after = offsetAt(wall + DAY_MS, zone);
  const candidates = [wall - Math.max(before, after), wall - Math.min(before, after)];
  const [first, ...rest] = [...new Set(candidates)].filter((instantMs) => wallAt(instantMs, zone) === wall);
  return first === undefined ? [changeBetween(wall - DAY_MS, wall + DAY_MS, zone)] : [first, ...rest];
}

/** The first instant of `instantsOf`: what happens at a local time happens once. */
export const instantOf = (wall: WallMs, zone: string): number => instantsOf(wall, zone)[0];

const offsetAt = (instantMs: number, zone: string): number => wallAt(instantMs, zone) - instantMs;

/** The first instant at which the offset is no longer that of `fromMs`. */
function changeBetween(fromMs: number, toMs: number, zone: string): number {
  const offsetMs = offsetAt(fromMs, zone);
  let [same, other] = [fromMs, toMs];
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (offsetAt(middle, zone) === offsetMs) same = middle;
    else other = middle;
  }
  return other;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone: zone, hourCycle: "h23" },
    ...{
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    },
  });
  formats.set(zone, format);
  return format;
}
