/** Boundaries from the most natural to the least; a piece ends after one of them. */
const BOUNDARIES = [/\n\n/g, /\n/g, /[.!?…](?=\s)/g, /\s/g];
/** A boundary is taken only in the last part of a piece, so that pieces do not become crumbs. */
const SHORTEST_PIECE = 0.4;

/** Splits a text into pieces of at most `maxChars` UTF-16 units at natural boundaries; never inside a character. */
export function splitText(text: string, maxChars: number): readonly string[] {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest.length > maxChars) {
    const end = cutAt(rest, maxChars);
    pieces.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  if (rest !== "") pieces.push(rest);
  return pieces;
}

function cutAt(text: string, maxChars: number): number {
  const window = text.slice(0, maxChars);
  for (const boundary of BOUNDARIES) {
    const last = [...window.matchAll(boundary)].at(-1);
    const end = last === undefined ? 0 : last.index + last[0].length;
    if (end >= maxChars * SHORTEST_PIECE) return end;
  }
  const beforeLast = text.charCodeAt(maxChars - 1);
  const splitsPair = beforeLast >= 0xd800 && beforeLast <= 0xdbff;
  return splitsPair ? maxChars - 1 : maxChars;
}
