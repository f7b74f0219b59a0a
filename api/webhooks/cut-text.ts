import { LIMITS } from "../../domain/limits.ts";

/** At most what one message may bring to an agent; the rest stays with the provider. */
export const cutText = (text: string): string =>
  text.length <= LIMITS.inboundTextMaxChars
    ? text
    : `${text.slice(0, LIMITS.inboundTextMaxChars)}\n[the rest was cut off]`;
