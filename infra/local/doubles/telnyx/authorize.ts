import { createHash, timingSafeEqual } from "node:crypto";
import type { Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import { unauthorized } from "./errors.ts";

/** Wraps routes so that only the account's key is let through. It is compared by hash. */
export function withKey(apiKey: string, routes: readonly Route[]): Route[] {
  const expected = hashOf(apiKey);
  const isAllowed = ({ headers }: DoubleRequest) => {
    const key = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1];
    return key !== undefined && timingSafeEqual(hashOf(key), expected);
  };
  return routes.map((route) => ({
    ...route,
    handle: (request: DoubleRequest): Reply => (isAllowed(request) ? route.handle(request) : unauthorized()),
  }));
}

const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest();
