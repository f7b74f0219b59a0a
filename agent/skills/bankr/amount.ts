const DECIMAL = /^(\d{1,15})(?:\.(\d{1,18}))?$/;

/** A decimal text as minor units; undefined when it is no such number or finer than one minor unit. */
export function parseAmount(text: string, decimals: number): bigint | undefined {
  const [, whole, places = ""] = DECIMAL.exec(text) ?? [];
  if (whole === undefined || places.length > decimals) return undefined;
  return BigInt(whole + places.padEnd(decimals, "0"));
}

/** The minor units of a balance that somebody else wrote; what is finer than one of them is left out. */
export function parseBalance(text: string, decimals: number): bigint | undefined {
  const [, whole, places = ""] = /^(\d{1,40})(?:\.(\d{1,60}))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return BigInt(whole + places.slice(0, decimals).padEnd(decimals, "0"));
}

/** Exact, without trailing zeros beyond `minPlaces`. */
export function formatAmount(minorUnits: bigint, decimals: number, minPlaces = 0): string {
  const sign = minorUnits < 0n ? "-" : "";
  const digits = (minorUnits < 0n ? -minorUnits : minorUnits).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const places = digits.slice(digits.length - decimals);
  const shown = places.replace(/0+$/, "").padEnd(Math.min(minPlaces, decimals), "0");
  return `${sign}${whole}${shown === "" ? "" : `.${shown}`}`;
}
