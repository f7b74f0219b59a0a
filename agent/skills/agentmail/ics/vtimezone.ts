import { contentLine } from "./content-line.ts";
import { basicTime, offsetMs } from "./zone-time.ts";

const MINUTE_MS = 60_000;
const WEEK_MINUTES = 7 * 24 * 60;
/** From the year before the event on. Clocks of a repeated event are told this far, and by rules beyond. */
const YEARS = 11;
const WEEKDAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"] as const;

/** A change of the clocks. */
interface Onset {
  fromMs: number;
  toMs: number;
  /** What the clocks showed when it came. */
  wall: Date;
}

/**
 * The VTIMEZONE of a zone (RFC 5545, section 3.6.5) for events from an instant on, after the zone data of the runtime. Where
 * the clocks change by the same rule every year it says the rule, as Outlook wants it; otherwise it lists the changes.
 */
export function vtimezone(zone: string, fromMs: number): string {
  const firstYear = new Date(fromMs).getUTCFullYear() - 1;
  const startMs = Date.UTC(firstYear, 0, 1);
  const onsets = onsetsBetween(zone, startMs, Date.UTC(firstYear + YEARS, 0, 1));
  const groups = Object.values(Object.groupBy(onsets, ({ fromMs: from, toMs: to }) => `${from} ${to}`));
  const rules = groups.map((group = []) => yearlyRule(group));
  const isRegular = rules.length > 0 && rules.every((rule) => rule !== undefined);
  const offset = offsetMs(zone, startMs);
  const before = { fromMs: offset, toMs: offset, wall: new Date(startMs + offset) };
  const parts = groups.map((group = [], index) => observance(group, isRegular ? rules[index] : undefined));
  return [
    "BEGIN:VTIMEZONE\r\n",
    contentLine("TZID", zone),
    ...(isRegular ? [] : [observance([before], undefined)]),
    ...parts,
    "END:VTIMEZONE\r\n",
  ].join("");
}

function onsetsBetween(zone: string, startMs: number, endMs: number): Onset[] {
  const offsetAt = (minute: number): number => offsetMs(zone, minute * MINUTE_MS);
  const onsets: Onset[] = [];
  const end = endMs / MINUTE_MS;
  for (let low = startMs / MINUTE_MS; low < end; low += WEEK_MINUTES) {
    const next = Math.min(low + WEEK_MINUTES, end);
    const fromMs = offsetAt(low);
    if (offsetAt(next) === fromMs) continue;
    let [same, changed] = [low, next];
    while (changed - same > 1) {
      const middle = Math.floor((same + changed) / 2);
      if (offsetAt(middle) === fromMs) same = middle;
      else changed = middle;
    }
    onsets.push({ fromMs, toMs: offsetAt(changed), wall: new Date(changed * MINUTE_MS + fromMs) });
  }
  return onsets;
}

/** The rule by which all of them come, one in each year; undefined when there is none of the usual kind. */
function yearlyRule(onsets: readonly Onset[]): string | undefined {
  const placed = onsets.map(({ wall }, index) => {
    const [year, month, day] = [wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()];
    const daysInMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    const when = `${year - index} ${month} ${wall.getUTCDay()} ${wall.getTime() % 86_400_000}`;
    return { when, month, weekday: wall.getUTCDay(), nth: Math.ceil(day / 7), isLast: day + 7 > daysInMonth };
  });
  const [first] = placed;
  if (first === undefined || placed.length !== YEARS) return undefined;
  if (placed.some(({ when }) => when !== first.when)) return undefined;
  const nth = placed.every(({ isLast }) => isLast) ? -1 : first.nth;
  if (nth > 0 && placed.some((onset) => onset.nth !== nth)) return undefined;
  return `FREQ=YEARLY;BYMONTH=${first.month + 1};BYDAY=${nth}${WEEKDAYS[first.weekday]}`;
}

function observance([first, ...rest]: readonly Onset[], rule: string | undefined): string {
  if (first === undefined) return "";
  const kind = first.toMs > first.fromMs ? "DAYLIGHT" : "STANDARD";
  return [
    `BEGIN:${kind}\r\n`,
    contentLine("DTSTART", basicTime(first.wall.getTime())),
    contentLine("TZOFFSETFROM", offsetValue(first.fromMs)),
    contentLine("TZOFFSETTO", offsetValue(first.toMs)),
    ...(rule === undefined
      ? rest.map(({ wall }) => contentLine("RDATE", basicTime(wall.getTime())))
      : [contentLine("RRULE", rule)]),
    `END:${kind}\r\n`,
  ].join("");
}

function offsetValue(ms: number): string {
  const minutes = Math.abs(ms) / MINUTE_MS;
  const digits = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${ms < 0 ? "-" : "+"}${digits(minutes / 60)}${digits(minutes % 60)}`;
}
