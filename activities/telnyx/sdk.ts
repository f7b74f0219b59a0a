import Telnyx from "telnyx";
import { boundedFetch } from "./bounded-fetch.ts";

export interface TelnyxOptions {
  /** The account's key: it can buy numbers and text anybody, so it never leaves the platform. */
  apiKey: string;
  /** With the version: `https://api.telnyx.com/v2`. */
  baseUrl: string;
  /** Makes every HTTP request; `globalThis.fetch` unless given. */
  fetch?: typeof globalThis.fetch;
}

const REQUEST_TIMEOUT_MS = 15_000;

/**
 * The official SDK with its retries off: nothing at Telnyx is idempotent, a repeated order buys again. Its log is
 * off too, as it would show bodies, and nothing is left to be read from the environment.
 */
export const openSdk = ({ apiKey, baseUrl, fetch }: TelnyxOptions): Telnyx =>
  new Telnyx({
    apiKey,
    baseURL: baseUrl,
    publicKey: null,
    clientID: null,
    clientSecret: null,
    maxRetries: 0,
    timeout: REQUEST_TIMEOUT_MS,
    logLevel: "off",
    fetch: boundedFetch(fetch ?? globalThis.fetch),
  });
