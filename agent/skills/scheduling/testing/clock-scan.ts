/**
 * What clocks show, found without any arithmetic of offsets: by looking at each quarter of an hour what the clock of the zone
 * says. Changes are at quarters everywhere since 1972.
 */
const QUARTER_MS = 15 * 60_000;
const REACH_MS = 30 * 60 * 60_000;
const clocks = new Map<string, (instantMs: number) => string>();

/** `2026-03-29 02:30` in the zone. */
export function clockAt(instantMs: number, zone: string): string {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    const format = new Intl.DateTimeFormat("sv-SE", {
      ...{ timeZone: zone, dateStyle: "short", timeStyle: "short" },
    });
    clock = (at) => format.format(at);
    clocks.set(zone, clock);
  }
  return clock(instantMs);
}

/** The instants at which the clock shows a local time at a quarter; the first one behind a gap when it never does. */
export function scanFor(local: string, zone: string): number[] {
  const near = Date.parse(`${local.replace(" ", "T")}Z`);
  const quarters: number[] = [];
  for (let at = near - REACH_MS; at <= near + REACH_MS; at += QUARTER_MS) quarters.push(at);
  const exact = quarters.filter((at) => clockAt(at, zone) === local);
  if (exact.length > 0) return exact;
  const behind = quarters.find((at) => clockAt(at, zone) > local && clockAt(at - QUARTER_MS, zone) < local);
  if (behind === undefined) throw new Error(`${local} is nowhere near in ${zone}`);
  return [behind];
}

/** Days of a year, as `2026-03-29`, on which clocks in the zone change. */
export function changesIn(year: number, zone: string): string[] {
  const days: string[] = [];
  for (let noon = Date.UTC(year, 0, 1, 12); noon < Date.UTC(year + 1, 0, 1); noon += 24 * 60 * 60_000) {
    const hourLater = clockAt(noon + 24 * 60 * 60_000, zone).slice(11);
    if (clockAt(noon, zone).slice(11) !== hourLater)
      days.push(clockAt(noon + 24 * 60 * 60_000, zone).slice(0, 10));
  }
  return days;
}

/** With summer time of an hour, of half an hour and of two; that change before midnight, at midnight, and never; by odd offsets. */
export const ZONES = [
  "Europe/Berlin",
  "Europe/Dublin",
  "America/New_York",
  "America/St_Johns",
  "Australia/Lord_Howe",
  "America/Nuuk",
  "America/Santiago",
  "America/Havana",
  "Africa/Cairo",
  "Antarctica/Troll",
  "Pacific/Chatham",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "Asia/Kathmandu",
  "UTC",
] as const;
