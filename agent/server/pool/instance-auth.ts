import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** HMAC-SHA256 in lower-case hex over the parts joined by a line feed, keyed by the 32 bytes of the secret. */
export const macOf = (instanceSecretHex: string, parts: readonly string[]): string =>
  createHmac("sha256", Buffer.from(instanceSecretHex, "hex")).update(parts.join("\n"), "utf8").digest("hex");

/** Compares in a time that does not depend on the contents or their lengths. */
export const sameSecret = (one: string, other: string): boolean =>
  timingSafeEqual(createHash("sha256").update(one).digest(), createHash("sha256").update(other).digest());

const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/i;

export const isBearer = (header: string | undefined, instanceSecretHex: string): boolean =>
  sameSecret(BEARER.exec(header ?? "")?.[1] ?? "", instanceSecretHex);
