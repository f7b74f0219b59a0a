import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const NONCE_BYTES = 16;

/** HMAC-SHA256 as `domain/agent-protocol.ts` defines it; the key is the 32 bytes that `instanceSecret` is the hex of. */
export const macOf = (instanceSecret: string, parts: readonly string[]): string =>
  createHmac("sha256", Buffer.from(instanceSecret, "hex")).update(parts.join("\n"), "utf8").digest("hex");

/** Takes the same time wherever a wrong MAC differs, so that it cannot be guessed digit by digit. */
export function verifyMac(instanceSecret: string, parts: readonly string[], mac: string): boolean {
  const expected = Buffer.from(macOf(instanceSecret, parts));
  const given = Buffer.from(mac);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

export const freshNonce = (): string => randomBytes(NONCE_BYTES).toString("hex");
