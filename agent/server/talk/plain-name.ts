const NAME_MAX_CHARS = 50;
/** Control characters, line ends and reversals of the writing direction, and what could close or open a tag. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069<>]+/gu;

/** A member's name as the model may read it. */
export const plainName = (name: string | undefined): string => plainLine(name) || "Somebody";

/** What people call themselves or their room, as the model may read it: one short line and no markup; "" for nothing. */
export function plainLine(name: string | undefined): string {
  const line = (name ?? "")
    .slice(0, 10 * NAME_MAX_CHARS)
    .replaceAll(UNSAFE, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  return [...line].slice(0, NAME_MAX_CHARS).join("").trim();
}
