import { ToolError } from "../../kit/tool-error.ts";
import { basicDate, basicTime, instantsOf, wallDate } from "./zone-time.ts";

const MAX_CHARS = 200;
const WEEKDAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
const list = (item: string): RegExp => new RegExp(`^${item}(?:,${item}){0,30}$`);
/** The parts of an RRULE (RFC 5545, section 3.3.10) that calendars everywhere understand. */
const PARTS: Readonly<Record<string, RegExp>> = {
  FREQ: /^(?:DAILY|WEEKLY|MONTHLY|YEARLY)$/,
  INTERVAL: /^[1-9]\d{0,2}$/,
  COUNT: /^[1-9]\d{0,2}$/,
  UNTIL: /^\d{4}-?\d{2}-?\d{2}(?:T\d{6}Z?)?$/,
  BYDAY: list("(?:[+-]?[1-5])?(?:SU|MO|TU|WE|TH|FR|SA)"),
  BYMONTHDAY: list("-?(?:[1-9]|[12]\\d|3[01])"),
  BYMONTH: list("(?:[1-9]|1[0-2])"),
  BYSETPOS: list("-?[1-5]"),
  WKST: /^(?:SU|MO)$/,
};
const HINT = "Give a rule like FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10 or FREQ=MONTHLY;UNTIL=2027-06-30.";

/**
 * The value of an RRULE for an event that starts at a wall clock; `zone` undefined for one that takes whole days. UNTIL is
 * written as the standard wants it: a date for whole days, otherwise the end of that day in UTC. Throws ToolError.
 */
export function recurrenceRule(text: string, startMs: number, zone: string | undefined): string {
  const parts = new Map<string, string>();
  for (const part of text
    .replace(/^RRULE:/i, "")
    .toUpperCase()
    .slice(0, MAX_CHARS + 1)
    .split(";")) {
    const [name = "", value = ""] = part.split("=", 2);
    if (text.length > MAX_CHARS || parts.has(name) || PARTS[name]?.test(value) !== true)
      throw new ToolError(`The repetition is not valid at "${part.slice(0, 40)}". ${HINT}`);
    parts.set(name, value);
  }
  if (!parts.has("FREQ")) throw new ToolError(`The repetition says no FREQ. ${HINT}`);
  if (parts.has("COUNT") && parts.has("UNTIL"))
    throw new ToolError("A repetition ends by COUNT or by UNTIL, not by both.");
  requireFitting(parts);
  requireFirst(parts, new Date(startMs));
  const until = parts.get("UNTIL");
  if (until !== undefined) parts.set("UNTIL", untilValue(until, startMs, zone));
  return [...parts].map(([name, value]) => `${name}=${value}`).join(";");
}

/** What RFC 5545 says must not be together. */
function requireFitting(parts: ReadonlyMap<string, string>): void {
  const isShort = parts.get("FREQ") === "DAILY" || parts.get("FREQ") === "WEEKLY";
  if (isShort && /\d/.test(parts.get("BYDAY") ?? ""))
    throw new ToolError("A day like 2TU goes with FREQ=MONTHLY or FREQ=YEARLY only.");
  if (parts.get("FREQ") === "WEEKLY" && parts.has("BYMONTHDAY"))
    throw new ToolError("BYMONTHDAY does not go with FREQ=WEEKLY.");
  if (parts.has("BYSETPOS") && !parts.has("BYDAY") && !parts.has("BYMONTHDAY"))
    throw new ToolError("BYSETPOS goes with BYDAY or BYMONTHDAY only.");
}

/** Calendars differ in what they make of a start that the rule itself does not meet. */
function requireFirst(parts: ReadonlyMap<string, string>, start: Date): void {
  const [year, month, day] = [start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate()];
  const daysInMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const weekday = WEEKDAYS[start.getUTCDay()];
  const nth = Math.ceil(day / 7);
  // In a year without a month the second Tuesday is that of the year: only the weekday is looked at.
  const isOfYear = parts.get("FREQ") === "YEARLY" && !parts.has("BYMONTH");
  const nths = ["", `${nth}`, `+${nth}`, `-${Math.ceil((daysInMonth - day + 1) / 7)}`];
  const isMet = (name: string, meets: (value: string) => boolean): boolean =>
    parts.get(name)?.split(",").some(meets) !== false;
  const isFirst =
    isMet(
      "BYDAY",
      (value) => value.slice(-2) === weekday && (isOfYear || nths.includes(value.slice(0, -2))),
    ) &&
    isMet("BYMONTHDAY", (value) => [day, day - daysInMonth - 1].includes(Number(value))) &&
    isMet("BYMONTH", (value) => Number(value) === month + 1);
  if (isFirst) return;
  throw new ToolError("The start is not one of the days of the repetition; start on its first day.");
}

function untilValue(until: string, startMs: number, zone: string | undefined): string {
  const digits = until.replaceAll("-", "");
  const dayMs = wallDate(`${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6, 8)}`);
  if (dayMs === undefined || dayMs + 86_400_000 <= startMs)
    throw new ToolError(`UNTIL is no day from the start on. ${HINT}`);
  if (zone === undefined) return basicDate(dayMs);
  const lastMs = dayMs + 86_399_000;
  // Where the clocks are set forward over midnight the day ends an hour earlier.
  const instantMs = instantsOf(zone, lastMs).at(-1) ?? instantsOf(zone, lastMs - 3_600_000).at(-1) ?? lastMs;
  return `${basicTime(instantMs)}Z`;
}
