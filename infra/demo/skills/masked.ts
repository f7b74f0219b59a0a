/** What is another each time, with what stands in its place when two conversations are compared. */
const CHANGING: readonly (readonly [RegExp, string])[] = [
  [/\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, [A-Z][a-z]+ \d{1,2}\b/g, "DAY"],
  [/\b\d seats left/g, "N seats left"],
  [/\bcode is [A-HJ-NP-Z2-9]{6}\b/g, "code is CODE"],
  [/, \d+ kB\]/g, ", N kB]"],
  [/\b0x[0-9a-f]{64}\b/g, "0xHASH"],
  [/\b\d+ answers\b/g, "N answers"],
  [/\$\d+\.\d+/g, "$N"],
];

export const masked = (text: string): string =>
  CHANGING.reduce((rest, [pattern, name]) => rest.replaceAll(pattern, name), text);
