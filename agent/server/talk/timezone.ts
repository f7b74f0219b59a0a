const MAX_CHARS = 64;

/** The IANA time zone that a member's profile names; undefined for anything that is none. */
export function knownTimezone(name: unknown): string | undefined {
  if (typeof name !== "string" || name.length > MAX_CHARS) return undefined;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    // A RangeError: no such zone.
    return undefined;
  }
}
