import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";

const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/i;

/** What an operator's key may do. Admin keys may do everything that claim keys may. */
export type KeyScope = "admin" | "claim";

/** SHA-256 of every key that is valid, several at once: so a key is replaced without a time when none works. */
export interface CallerKeys {
  readonly admin: readonly Buffer[];
  readonly claim: readonly Buffer[];
}

export const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** What stands behind `Bearer`; undefined when there is nothing usable. */
export const bearerOf = (request: FastifyRequest): string | undefined =>
  BEARER.exec(request.headers.authorization ?? "")?.[1];

/** Takes as long whichever key it is, and for none. */
export function scopeOf(token: string, keys: CallerKeys): KeyScope | undefined {
  const presented = digest(token);
  const isOneOf = (digests: readonly Buffer[]): boolean =>
    digests.reduce((found, one) => timingSafeEqual(presented, one) || found, false);
  const [isAdmin, isClaim] = [isOneOf(keys.admin), isOneOf(keys.claim)];
  if (isAdmin) return "admin";
  return isClaim ? "claim" : undefined;
}

/** Takes as long for a wrong token as for the right one. */
export const isToken = (token: string, secret: string): boolean =>
  timingSafeEqual(digest(token), digest(secret));
