/** Provider keys by their shape, whoever they belong to. */
const KEY_SHAPES = /\b(sk-or-v1-[0-9a-f]{16,}|sk-[A-Za-z0-9_-]{20,})/g;
const SHORTEST_SECRET = 12;
const HIDDEN = "[hidden]";

/** Replaces this agent's secrets, in hex of either case and in base64, and whatever has the shape of a key. */
export function createRedaction(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .flatMap((secret) => {
      const hex = secret.replace(/^0x/i, "");
      if (!/^([0-9a-f]{2})+$/i.test(hex)) return [secret];
      const bytes = Buffer.from(hex, "hex");
      return [hex, bytes.toString("base64").replace(/=+$/, ""), bytes.toString("base64url")];
    });
  const known = forms.map((form) => form.replaceAll(/[^A-Za-z0-9]/g, "\\$&")).join("|");
  const pattern = known === "" ? undefined : new RegExp(`(0x)?(${known})=*`, "gi");
  return (text) => {
    const redacted = text.replaceAll(KEY_SHAPES, HIDDEN);
    return pattern === undefined ? redacted : redacted.replaceAll(pattern, HIDDEN);
  };
}
