/** RFC 5545, section 3.1: octets of a line without its break. */
const MAX_OCTETS = 75;
const BREAKS = /\r\n|[\r\n\v\f\u0085\u2028\u2029]/g;
/** No control character but the tabulator may be in a text, and a lone surrogate is no character. */
const FORBIDDEN = /[\p{Cc}\p{Cs}]/gu;

/** A value of the type TEXT (RFC 5545, section 3.3.11); whatever is in it stays inside of it. */
export const textValue = (text: string): string =>
  text
    .split(BREAKS)
    .map((line) =>
      line.replace(FORBIDDEN, (found) => (found === "\t" ? found : "")).replace(/[\\;,]/g, "\\$&"),
    )
    .join("\\n");

/** One content line with its break, folded between characters. `head` is the name with its parameters. */
export function contentLine(head: string, value: string): string {
  let folded = "";
  let octets = 0;
  for (const character of `${head}:${value}`) {
    const size = Buffer.byteLength(character);
    if (octets + size > MAX_OCTETS) {
      folded += "\r\n ";
      octets = 1;
    }
    folded += character;
    octets += size;
  }
  return `${folded}\r\n`;
}
