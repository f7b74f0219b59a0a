import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { PlatformError } from "../domain/errors.ts";

const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/i;

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Whether the request carries this secret as its bearer token. Takes as long for a wrong one as for the right one. */
export function carriesBearer(request: FastifyRequest, secretDigest: Buffer): boolean {
  const token = BEARER.exec(request.headers.authorization ?? "")?.[1];
  return timingSafeEqual(digest(token ?? ""), secretDigest) && token !== undefined;
}

/** Refuses every request without the caller's key, before its body is read. */
export function requireApiKey(apiKey: string): (request: FastifyRequest) => Promise<void> {
  const expected = digest(apiKey);
  return async (request) => {
    if (!carriesBearer(request, expected)) throw new PlatformError("unauthorized");
  };
}

export const bearerIs = (request: FastifyRequest, secret: string): boolean =>
  carriesBearer(request, digest(secret));
