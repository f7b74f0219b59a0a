/** Bytes that are not what they should be: truncated, of another type, or of an unknown version. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}
