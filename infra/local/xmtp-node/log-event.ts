/** One JSON line on stderr. Never give it what people wrote: message bodies, names, keys. */
export function logEvent(event: string, details: Readonly<Record<string, string | number>>): void {
  process.stderr.write(
    `${JSON.stringify({ time: new Date().toISOString(), part: "xmtp-node", event, ...details })}\n`,
  );
}
