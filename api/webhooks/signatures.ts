import { createHmac, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** How far a webhook's time may be from ours. */
export const REPLAY_WINDOW_S = 300;
const MAX_SIGNATURES = 5;
const ED25519_BYTES = 64;

/** Whether the account signed this body within the last five minutes. Source: Telnyx, "Webhook signing" (v2). */
export function isSignedByTelnyx(
  key: KeyObject,
  headers: IncomingHttpHeaders,
  rawBody: Buffer,
  nowMs: number,
): boolean {
  const timestamp = headerOf(headers, "telnyx-timestamp");
  const signature = Buffer.from(headerOf(headers, "telnyx-signature-ed25519"), "base64");
  if (signature.length !== ED25519_BYTES || !isRecent(timestamp, nowMs)) return false;
  return verify(null, Buffer.concat([Buffer.from(`${timestamp}|`), rawBody]), key, signature);
}

/** The same for a signature by the scheme of Svix; the header holds several while a secret is being replaced. */
export function isSignedBySvix(
  secret: Buffer,
  headers: IncomingHttpHeaders,
  rawBody: Buffer,
  nowMs: number,
): boolean {
  const timestamp = headerOf(headers, "svix-timestamp");
  const id = headerOf(headers, "svix-id");
  if (id === "" || !isRecent(timestamp, nowMs)) return false;
  const expected = createHmac("sha256", secret).update(`${id}.${timestamp}.`).update(rawBody).digest();
  const signatures = headerOf(headers, "svix-signature").split(" ").slice(0, MAX_SIGNATURES);
  return signatures.some((text) => {
    const given = text.startsWith("v1,") ? Buffer.from(text.slice(3), "base64") : Buffer.alloc(0);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

export function headerOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === "string" ? value : "";
}

const isRecent = (timestamp: string, nowMs: number): boolean =>
  /^\d{1,12}$/.test(timestamp) && Math.abs(nowMs / 1000 - Number(timestamp)) <= REPLAY_WINDOW_S;
