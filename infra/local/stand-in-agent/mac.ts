import { createHmac, timingSafeEqual } from "node:crypto";

/** Written from the protocol, apart from the control plane's, so that each is a check of the other. */
export const signParts = (secretHex: string, parts: readonly string[]): string =>
  createHmac("sha256", Buffer.from(secretHex, "hex")).update(parts.join("\n")).digest("hex");

export function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
