const ISO_DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})$/;

/** `YYYY-MM-DDTHH:MM:SSZ`. Older iOS decoders refuse fractional seconds, so they are never written. */
export const formatIsoSeconds = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/** Reads ISO 8601 with or without fractional seconds, with `Z` or an offset. */
export function parseIsoDate(text: string): Date | undefined {
  if (!ISO_DATE_TIME.test(text)) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

export const toUnixSeconds = (date: Date): number => Math.floor(date.getTime() / 1000);
