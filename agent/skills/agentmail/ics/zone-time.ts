/**
 * Wall clocks and instants. A wall clock is the number of milliseconds that its digits would be in UTC, whatever the zone:
 * so wall clocks can be compared, added to and written without knowing a zone.
 */
const DAY_MS = 86_400_000;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?$/;
const ZONE = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;
const OFFSET = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** `2026-03-29`; undefined for what is no day of the calendar. */
export function wallDate(text: string): number | undefined {
  const wallMs = DATE.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(wallMs) || new Date(wallMs).toISOString().slice(0, 10) !== text ? undefined : wallMs;
}

/** `2026-03-29T09:30` or with seconds; undefined for what no clock shows. */
export function wallTime(text: string): number | undefined {
  const [, date = "", hour, minute, second = 0] = DATE_TIME.exec(text) ?? [];
  const dayMs = wallDate(date);
  const isClock = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
  if (dayMs === undefined || !isClock) return undefined;
  return dayMs + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1_000;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  formats.set(zone, format);
  return format;
}

/** The IANA name in its usual spelling; undefined for what is none. An offset such as `+01:00` is none. */
export function zoneName(text: string): string | undefined {
  if (!ZONE.test(text)) return undefined;
  try {
    const { timeZone } = new Intl.DateTimeFormat("en-US", { timeZone: text }).resolvedOptions();
    return timeZone.toLowerCase() === text.toLowerCase() ? timeZone : text;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Milliseconds that wall clocks of the zone are ahead of UTC at an instant. */
export function offsetMs(zone: string, instantMs: number): number {
  const [, sign, hours, minutes, seconds = 0] = OFFSET.exec(formatOf(zone).format(instantMs)) ?? [];
  if (sign === undefined) return 0;
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
  return sign === "-" ? -ms : ms;
}

/** When wall clocks of the zone show this, in order: never, when they are set forward over it; twice, when they are set back. */
export function instantsOf(zone: string, wallMs: number): number[] {
  const offsets = new Set([offsetMs(zone, wallMs - DAY_MS), offsetMs(zone, wallMs + DAY_MS)]);
  return [...offsets]
    .map((offset) => wallMs - offset)
    .filter((instantMs) => instantMs + offsetMs(zone, instantMs) === wallMs)
    .toSorted((one, other) => one - other);
}

/** `20260329`. */
export const basicDate = (wallMs: number): string =>
  new Date(wallMs).toISOString().slice(0, 10).replaceAll("-", "");
/** `20260329T093000`. */
export const basicTime = (wallMs: number): string =>
  new Date(wallMs).toISOString().slice(0, 19).replace(/[-:]/g, "");
