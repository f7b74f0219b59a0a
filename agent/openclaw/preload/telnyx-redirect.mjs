/**
 * Sends what a program says to `https://api.telnyx.com` to the broker instead, for the `telnyx` command, whose address
 * is fixed. Preloaded with `NODE_OPTIONS="--import <this file>"`; `TELNYX_BROKER_URL` is what takes the place of
 * `https://api.telnyx.com`. Without it nothing reaches Telnyx at all: a key of the account must never be used from here.
 */
const TELNYX_ORIGIN = "https://api.telnyx.com";
const broker = process.env.TELNYX_BROKER_URL?.replace(/\/+$/, "");
const originalFetch = globalThis.fetch;

const urlOf = (input) => (input instanceof Request ? input.url : String(input));

globalThis.fetch = async (input, init) => {
  const text = urlOf(input);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.origin !== TELNYX_ORIGIN) return originalFetch(input, init);
  if (!broker) throw new TypeError("TELNYX_BROKER_URL is not set");
  const target = `${broker}${url.pathname}${url.search}`;
  return originalFetch(input instanceof Request ? new Request(target, input) : target, init);
};
