/**
 * Every text in a value, at any depth: its strings, and its bytes read as UTF-8, which is what the payloads of a
 * history are. Not by JSON: a message of the protocol turns its own bytes into base64 there.
 */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString("utf8")];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
