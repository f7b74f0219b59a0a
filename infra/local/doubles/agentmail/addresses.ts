/** The bare address of `Name <address>` or `address`, in lower case. */
export function bareAddress(text: string): string {
  return (/<([^<>]+)>\s*$/.exec(text)?.[1] ?? text).trim().toLowerCase();
}

/** One address or several, as the API takes them. */
export const addressList = (value: string | readonly string[] | undefined): string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : [...value];

/** Each address once, without those left out. Compared by the bare address. */
export function uniqueAddresses(all: readonly string[], without: readonly string[] = []): string[] {
  const seen = new Set(without.map(bareAddress));
  return all.filter((address) => {
    const bare = bareAddress(address);
    if (seen.has(bare)) return false;
    seen.add(bare);
    return true;
  });
}
